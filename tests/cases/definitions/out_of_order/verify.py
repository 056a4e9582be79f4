def verify(ask, project):
    assert ask("POST", "/price?net=100") == (200, 225.0)
    assert ask("POST", "/price?net=12.345") == (200, 27.8)
