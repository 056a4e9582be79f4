def verify(ask, project):
    assert ask("POST", "/greet?name=bob") == (200, "hello bob")
    status, answer = ask("GET", "/known")
    assert status == 200
    assert answer["calls"]
    assert "bob" in answer["seen"]
