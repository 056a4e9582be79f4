def verify(ask, project):
    assert ask("POST", "/handler?x=3") == (200, [[3, 1], [3, 2], [2, 2], [5, [6]], 2])
