def verify(ask, project):
    assert ask("POST", "/rate?currency=chf") == (200, [0])
    assert ask("POST", "/rate?currency=usd") == (200, [1.1])
