def verify(ask, project):
    assert "tree" in (project / "models" / "model" / "model.txt").read_text()
    assert "libgomp1" in (project / "Dockerfile").read_text()
