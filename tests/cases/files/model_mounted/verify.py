import json


def verify(ask, project):
    assert ask("POST", "/look?x=1.0") == (200, {"found": 199_999, "name": None, "shared": True, "small": 1})
    manifest = json.loads((project / "nb2svc.json").read_text())
    places = {artifact["path"]: artifact["location"] for artifact in manifest["artifacts"]}
    (mounted,) = [path for path, place in places.items() if place == "mount"]
    assert set(places.values()) == {"bake", "mount"}
    assert (project / mounted).stat().st_size > 1_600_000
    ignored = (project / ".dockerignore").read_text().splitlines()
    assert ignored.index("!models") < ignored.index(mounted)
    assert "SERVICE_MODELS=/models" in (project / "Dockerfile").read_text()
    assert '-v "$PWD/models:/models:ro"' in (project / "README.md").read_text()
