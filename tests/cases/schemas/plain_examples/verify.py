BODY = {"items": [{"price": 1, "count": 3}], "note": "n", "vip": False}


def verify(ask, project):
    assert ask("POST", "/total", BODY) == (200, {"total": 3, "note": "n", "digits": 2})
    for change, place in [
        ({"vip": "yes"}, ["body", "vip"]),
        ({"note": 3}, ["body", "note"]),
        ({"more": 1}, ["body", "more"]),
        ({"round": "2"}, ["body", "round"]),
        ({"items": [{"price": "1", "count": 3}]}, ["body", "items", 0, "price"]),
        ({"items": [{"price": 1}]}, ["body", "items", 0, "count"]),
    ]:
        status, answer = ask("POST", "/total", {**BODY, **change})
        assert (status, answer["detail"][0]["loc"]) == (422, place), answer
    _, document = ask("GET", "/openapi.json")
    operation = document["paths"]["/total"]["post"]
    shown = operation["requestBody"]["content"]["application/json"]["examples"]
    assert shown["total-1"]["value"]["items"] == [{"price": 2.5, "count": 2}]
    content = operation["responses"]["200"]["content"]["application/json"]
    assert content["examples"]["total-2"]["value"] == {"total": 0.0, "note": "x", "digits": 1}
    described = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    assert described["properties"]["total"]["type"] == "number"
    assert "class TotalBody(TypedDict)" in (project / "service" / "schemas.py").read_text()
