import json


def verify(ask, project):
    manifest = json.loads((project / "nb2svc.json").read_text())
    assert {entry["path"]: entry["format"] for entry in manifest["artifacts"]} == {
        "models/booster.ubj": "xgboost",
        "models/classifier": "xgboost",
    }
    names = sorted(path.name for path in (project / "models" / "classifier").iterdir())
    assert names == ["attributes.json", "model.ubj"]
    roots = {one["name"] for one in manifest["distributions"] if one["root"]}
    assert {"xgboost-cpu", "scikit-learn"} <= roots  # the wrapper needs scikit-learn, XGBoost does not say so
