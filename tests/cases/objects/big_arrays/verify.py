import json


def verify(ask, project):
    first, again = (ask("POST", "/look?row=5") for _ in range(2))
    assert first[0] == 200
    assert first == again
    manifest = json.loads((project / "nb2svc.json").read_text())
    assert "pickle-buffers" in {artifact["format"] for artifact in manifest["artifacts"]}
