def verify(ask, project):
    status, answer = ask("POST", "/priced?net=100")
    assert status == 200
    assert answer["class"] == ["EUR", 10.0, "EUR", "USD"]
    assert answer["dataclass"] == 0.1
