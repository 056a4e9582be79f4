def verify(ask, project):
    status, answer = ask("POST", "/handler?x=3")
    assert (status, answer[:4]) == (200, [[["a", "b"]], 7.0, 4000, "3"])
