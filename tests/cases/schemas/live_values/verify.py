ROW = {"day": "2024-03-01", "net sum": 2, "shop": "c"}
BODY = {"sales": [ROW], "weights": [[1, 2]], "since": "2024-01-01", "tags": ["x"], "size": [1, "s"], "rate": 1}


def verify(ask, project):
    status, answer = ask("POST", "/report", BODY)
    assert status == 200, answer
    assert answer["months"] == [3]
    assert answer["sums"] == {"c": 2.0}
    assert answer["types"] == ["float32", "set", "tuple", "2"]
    for change, place in [
        ({"weights": [[1, 2, 3]]}, ["body", "weights", 0]),
        ({"weights": [[1, None]]}, ["body", "weights", 0, 1]),
        ({"since": "1.1.2024"}, ["body", "since"]),
        ({"since": 20240101}, ["body", "since"]),
        ({"sales": [ROW, {**ROW, "day": None}]}, ["body", "sales", 1, "day"]),
        ({"sales": [{**ROW, "day": "1500-01-01T00:00:00Z"}]}, ["body", "sales", 0, "day"]),
        ({"sales": [{**ROW, "extra": 1}]}, ["body", "sales", 0, "extra"]),
        ({"size": [1]}, ["body", "size", 1]),
    ]:
        status, answer = ask("POST", "/report", {**BODY, **change})
        assert (status, answer["detail"][0]["loc"]) == (422, place), answer
    assert ask("POST", "/report", {**BODY, "sales": [{**ROW, "net sum": None}]})[0] == 200
