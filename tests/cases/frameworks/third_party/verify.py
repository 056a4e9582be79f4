import json


def verify(ask, project):
    manifest = json.loads((project / "nb2svc.json").read_text())
    entry = next(one for one in manifest["artifacts"] if one["path"] == "models/line.json")
    assert (entry["format"], entry["loader"], entry["options"]) == ("tinyml", "tinyml.loading:load", {"version": 1})
    assert next(one for one in manifest["distributions"] if one["name"] == "tinyml")["root"]
