import json


def verify(ask, project):
    _, told = ask("GET", "/settings")
    assert told == ['eu-"west"', 'eu-"west"', "Asia/Tokyo", "CHF", "kg", "09"]
    code = (project / "service" / "__init__.py").read_text()
    assert "proxy" not in code
    assert "TEMPORARY" not in code
    assert "| `UNIT` | set by the notebook | `kg` |" in (project / "README.md").read_text()
    assert json.loads((project / "nb2svc.json").read_text())["environment"] == []
