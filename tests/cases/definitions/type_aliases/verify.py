def verify(ask, project):
    assert ask("POST", "/reduce?kind=max&user=1&limit=11", [1.0])[0] == 422
    assert ask("POST", "/reduce?kind=min&user=1", [1.0])[0] == 422
