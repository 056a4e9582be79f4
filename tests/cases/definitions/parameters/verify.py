def verify(ask, project):
    assert ask("POST", "/parameters?x=4&limit=1", {"word": "b"}) == (200, ["b", 8, 1, 0, None, [1, 2, 3, 4, 5, 6]])
    assert ask("POST", "/parameters?x=-1", {"word": "b"})[0] == 422
