# %pip install --upgrade in a cell, and no restart: the kernel runs the old version, and the new one is installed.

# %% [install]
import subprocess, sys, tempfile
from pathlib import Path

site = Path(tempfile.mkdtemp(), "site-packages")
site.mkdir()

def install(version):
    for old in site.glob("fabrates*"):
        subprocess.run(["rm", "-r", str(old)], check=True)
    (site / "fabrates.py").write_text(f"__version__ = '{version}'\nRATE = {version}\n")
    info = site / f"fabrates-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fabrates\nVersion: {version}\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: case\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (info / "RECORD").write_text(f"fabrates.py,,\n{info.name}/METADATA,,\n{info.name}/WHEEL,,\n{info.name}/RECORD,,\n")

install("1.0")
sys.path.insert(0, str(site))

# %% [use]
import fabrates

# %% [upgrade]
install("2.0")

# %% [rate]
%%endpoint GET /rate --example {}
def rate():
    return {"rate": fabrates.RATE}
