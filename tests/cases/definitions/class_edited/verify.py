def verify(ask, project):
    status, answer = ask("POST", "/halves?x=9")
    assert status == 200
    assert (answer["old"], answer["new"]) == (4.5, 4)
    assert answer["instances"] == [False, True, True]
