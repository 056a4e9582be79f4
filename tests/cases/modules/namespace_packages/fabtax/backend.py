"""A build backend that needs nothing, so that the case needs no network."""

import zipfile
from pathlib import Path

ROOT = Path(__file__).parent
NAME = "fabtax"
INFO = f"{NAME}-1.0.dist-info"


def build_wheel(directory, config_settings=None, metadata_directory=None):
    source = ROOT / "src"
    return _write(directory, {str(path.relative_to(source)): path.read_text() for path in source.rglob("*.*") if path.suffix != ".pyc"})


def build_editable(directory, config_settings=None, metadata_directory=None):
    return _write(directory, {f"__editable__.{NAME}.pth": f"{ROOT / 'src'}\n"})


def _write(directory, files):
    files[f"{INFO}/METADATA"] = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n"
    files[f"{INFO}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: case\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{INFO}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{INFO}/RECORD"])
    name = f"{NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(directory, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
