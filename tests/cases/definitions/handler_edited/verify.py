def verify(ask, project):
    assert ask("POST", "/gross-price?net=10") == (200, {"gross": 12.0, "rate": 0.2})
    assert ask("POST", "/price?net=10")[0] == 404
