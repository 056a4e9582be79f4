import json
import zipfile


def verify(ask, project):
    entries = {entry["path"]: entry for entry in json.loads((project / "nb2svc.json").read_text())["artifacts"]}
    assert {path: entry["format"] for path, entry in entries.items()} == {
        "models/net.pt": "torch",
        "models/plain.pt": "torch",
    }
    assert "service.notebook.Net" in entries["models/net.pt"]["options"]["classes"]
    assert any("data/0" in name for name in zipfile.ZipFile(project / "models" / "net.pt").namelist())
