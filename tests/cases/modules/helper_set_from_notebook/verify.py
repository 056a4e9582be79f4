def verify(ask, project):
    assert ask("POST", "/gross?net=7") == (200, 21.0)
    assert ask("POST", "/gross?net=9") == (200, 25.0)
