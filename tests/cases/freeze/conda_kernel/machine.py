"""An environment as conda leaves it: its packages noted in conda-meta, and built in folders that exist nowhere."""

import json
import shutil
from importlib.metadata import distribution

BUILT = {"dir_info": {}, "url": "file:///home/conda/feedstock_root/build_artifacts/pyyaml_1737454647378/work"}


def prepare(machine):
    environment = machine.own_environment()
    site = next(environment.glob("lib/python3*/site-packages"))
    installed = distribution("PyYAML")
    files = [path for path in installed.files if "__pycache__" not in path.parts]
    for path in files:
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.locate(), target)
    info = next(site.glob("*.dist-info"))
    (info / "INSTALLER").write_text("conda")
    (info / "direct_url.json").write_text(json.dumps(BUILT))
    wheel = (info / "WHEEL").read_text().splitlines()
    tags = [line for line in wheel if line.startswith("Tag:")]
    native = tags[0].rpartition("-")[0] + "-linux_x86_64"
    (info / "WHEEL").write_text("\n".join([*(line for line in wheel if line not in tags), native, ""]))
    noted = {"name": "pyyaml", "version": installed.version, "files": [str((site / path).relative_to(environment)) for path in files]}
    (environment / "conda-meta").mkdir()
    (environment / "conda-meta" / f"pyyaml-{installed.version}-py3_0.json").write_text(json.dumps(noted))
