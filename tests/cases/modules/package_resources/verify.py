def verify(ask, project):
    status, answer = ask("POST", "/look?language=de")
    assert (status, answer["word"]) == (200, "Rosen")
