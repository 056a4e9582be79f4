ROW = {
    "sold": "2025-01-01", "at": "2025-01-01T00:00:00+01:00", "level": "mid", "rooms": None, "born": "2000-01-01",
    "size": 1, "took": 1.5, "sure": True, "note": None,
}  # fmt: skip


def verify(ask, project):
    recorded = ask("POST", "/models/seen/predict", {"inputs": [ROW]})
    assert recorded[0] == 200, recorded
    assert recorded[1]["outputs"][0][-3:] == ["mid", "date", 2025]
    for change, column in [
        ({"sold": "2025-01-01T00:00:00Z"}, "sold"),
        ({"sold": None}, "sold"),
        ({"at": "2025-01-01"}, "at"),
        ({"level": "other"}, "level"),
        ({"rooms": 1.5}, "rooms"),
        ({"born": "yesterday"}, "born"),
        ({"took": "90"}, "took"),
        ({"sure": 1}, "sure"),
    ]:
        status, answer = ask("POST", "/models/seen/predict", {"inputs": [{**ROW, **change}]})
        assert (status, answer["detail"][0]["loc"]) == (422, ["body", "inputs", 0, column]), (change, answer)
    in_order = ask("POST", "/models/seen/predict", {"inputs": [list(ROW.values())]})
    assert in_order == recorded
