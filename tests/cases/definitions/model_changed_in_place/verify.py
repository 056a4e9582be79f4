def verify(ask, project):
    assert ask("POST", "/predicted?x=1") == (200, 30.0)
