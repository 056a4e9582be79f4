def verify(ask, project):
    status, answer = ask("POST", "/written?x=8.0")
    assert status == 200, answer
    assert answer == [8.0, 8.0, 8.0, 8.0, False, "0000000000002040", 0.0, 8.0, 8.0, True]
