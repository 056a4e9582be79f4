def verify(ask, project):
    status, answer = ask("POST", "/handler?x=3")
    assert (status, answer[:4]) == (200, [[["a", "b"]], 7.0, 4000, "3"])
    assert "0.43" in answer[4]  # of pandas: the precision that a function set
    assert "0.428" not in answer[4]
