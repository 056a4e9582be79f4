def verify(ask, project):
    status, answer = ask("POST", "/handler?x=3")
    assert (status, answer[:4]) == (200, [[["a", "b"]], 7.0, 4000, "3"])
    assert answer[4].startswith("0    0.43\n")  # of pandas: the precision that a function set
