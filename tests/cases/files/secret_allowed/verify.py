import json


def verify(ask, project):
    assert json.loads((project / "nb2svc.json").read_text())["allowed_secrets"] == ["FINGERPRINT"]
    for path in project.rglob("*"):
        assert path.is_dir() or b"not-for-anybody-else" not in path.read_bytes(), path
