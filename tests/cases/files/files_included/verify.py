def verify(ask, project):
    assert (project / "lib/templates/hello.txt").exists()
    assert not (project / "training.csv").exists()
    assert not (project / "shared.txt").exists()
