import json


def verify(ask, project):
    dockerfile = (project / "Dockerfile").read_text()
    assert "#   libgomp1: libgomp.so.1 for lightgbm\n" in dockerfile
    assert json.loads((project / "nb2svc.json").read_text())["system"] == ["libgomp1"]
