import json


def verify(ask, project):
    (entry,) = json.loads((project / "nb2svc.json").read_text())["artifacts"]
    assert entry["path"] == "models/model.skops"
    assert "service.notebook.halved" in entry["options"]["trusted"]
