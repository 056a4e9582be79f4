import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STORE = Path("/tmp/nb2svc-case-model-fetched")
SERVE = "import sys; sys.path.insert(0, '.'); from service.main import app; from service.notebook import classify; print(classify(2.5))"


def verify(ask, project):
    (artifact,) = json.loads((project / "nb2svc.json").read_text())["artifacts"]
    assert artifact["location"] == f"file://{STORE}/model.joblib"
    roots = (project / "requirements.in").read_text().splitlines()
    (line,) = [number for number, text in enumerate(roots) if text.startswith("fsspec")]
    assert "fetches models/model.joblib" in roots[line - 1] + roots[line]
    assert "!models" not in (project / ".dockerignore").read_text().splitlines()
    with tempfile.TemporaryDirectory() as elsewhere:
        deployed = Path(elsewhere, "deployed")
        shutil.copytree(project, deployed)
        (deployed / "models" / "model.joblib").unlink()
        missing = start(deployed)
        assert missing.returncode != 0
        assert f"Upload models/model.joblib of the project to file://{STORE}/model.joblib" in missing.stderr
        STORE.mkdir(exist_ok=True)
        try:
            shutil.copy(project / "models" / "model.joblib", STORE)
            found = start(deployed)
            assert (found.stdout, found.returncode) == ("{'class': 1}\n", 0), found.stderr
            cached = deployed / "cache" / artifact["sha256"] / "model.joblib"
            assert cached.read_bytes() == (project / "models" / "model.joblib").read_bytes()
        finally:
            shutil.rmtree(STORE)
        assert start(deployed).stdout == "{'class': 1}\n"


def start(project):
    environment = {**os.environ, "SERVICE_CACHE": "cache", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", SERVE], cwd=project, env=environment, capture_output=True, text=True)
