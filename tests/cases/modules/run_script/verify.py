def verify(ask, project):
    assert ask("POST", "/scale?x=3") == (200, [30, 27, 27])
