def verify(ask, project):
    assert ask("POST", "/gross?net=10") == (200, [30, 4, [201, 221], 201, "duty", 5])
