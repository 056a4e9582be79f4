def verify(ask, project):
    (line,) = [one for one in (project / "requirements.in").read_text().splitlines() if "dateutil" in one]
    assert "# needed by models/" in line
    assert "dateutil" not in (project / "service" / "notebook.py").read_text()
