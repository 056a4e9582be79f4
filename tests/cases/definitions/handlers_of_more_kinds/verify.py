def verify(ask, project):
    assert ask("POST", "/fee?net=2") == (200, 102.0)
    assert ask("POST", "/thrice?net=1") == (200, 9.0)
    assert ask("GET", "/fibonacci?n=x")[0] == 422
