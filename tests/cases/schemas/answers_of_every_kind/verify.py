def verify(ask, project):
    plain = ask("POST", "/plain", {"n": 7})[1]
    assert plain["nan"] == [None, None, 7]
    assert plain["set"] == ["a", "b", "c"]
    assert plain["keys"] == {"1": "int", "2": "numpy", "2024-01-02": "date", "red": "enum"}
    arrays = ask("POST", "/arrays", {"n": 2})[1]
    assert arrays["array"] == [[0.0, 1.0]]
    assert arrays["structured"] == [{"n": 1, "s": "a"}]
    assert arrays["times"] == ["2024-01-02T03:04:05.123456789", None]
    assert arrays["frame"] == [{"k": "x", "v": 2.0}]
    assert arrays["scalars"] == [None, None, "2024-01", "(0, 1]", 90.0, 0.5]
    described = ask("GET", "/openapi.json")[1]["components"]["schemas"]["PlainAnswer"]
    assert "no answer is checked by it" in described["description"]
