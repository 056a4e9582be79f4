def verify(ask, project):
    assert (project / "lib" / "pluggy.py").exists()
    assert "pluggy" not in (project / "requirements.in").read_text()
