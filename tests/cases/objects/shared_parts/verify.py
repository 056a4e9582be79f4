import json


def verify(ask, project):
    status, answer = ask("POST", "/shifted?shift=0.0")
    assert status == 200, answer
    assert answer["same"] == [True] * 5
    manifest = json.loads((project / "nb2svc.json").read_text())
    files = {model["name"]: model["path"] for model in manifest["models"]}
    assert files["first"] == files["second"] != files["alone"]
    assert files["alone"].endswith(".joblib")
