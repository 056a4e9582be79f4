def verify(ask, project):
    assert ask("GET", "/gone")[0] == 404
    status, answer = ask("POST", "/cleaned?text=%20B%20")
    assert status == 200
    assert answer["both"] == ["B", "b"]
