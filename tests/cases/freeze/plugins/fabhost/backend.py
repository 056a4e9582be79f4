"""A build backend that needs nothing, so that the case needs no network."""

import zipfile
from pathlib import Path

NAME = Path(__file__).parent.name


def build_wheel(directory, config_settings=None, metadata_directory=None):
    info = f"{NAME}-1.0.dist-info"
    files = {
        f"{NAME}.py": (Path(__file__).parent / f"{NAME}.py").read_text(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: case\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if NAME == "fabplugin":
        files[f"{info}/entry_points.txt"] = "[fabhost.rules]\ndiscount = fabplugin:discount\n"
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    name = f"{NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(directory, name), "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return name
