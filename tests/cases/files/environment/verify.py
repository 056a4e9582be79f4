import json

NAMES = ["CONSTANT_KEY", "FROM_HELPER", "OPTIONAL_SET", "PLAIN", "UNDER_ALIAS"]


def verify(ask, project):
    assert json.loads((project / "nb2svc.json").read_text())["environment"] == NAMES
    readme, dockerfile = (project / "README.md").read_text(), (project / "Dockerfile").read_text()
    for name in NAMES:
        assert f"| `{name}` | read by the notebook's code |" in readme
        assert f"#   {name}\n" in dockerfile
        assert f"{name}=" not in dockerfile
