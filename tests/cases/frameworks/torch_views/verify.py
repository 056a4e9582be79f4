def verify(ask, project):
    assert ask("POST", "/written?x=5") == (200, [[0.0, 5.0, 0.0, 0.0], [[0.0, 5.0], [0.0, 0.0]], [[5.0, 5.0]]])
