def verify(ask, project):
    assert ask("POST", "/rate", {"currency": "chf"}) == (200, [None])
