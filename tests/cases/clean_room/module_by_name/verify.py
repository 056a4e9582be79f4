def verify(ask, project):
    assert ask("POST", "/has", ["bs4"]) == (200, [True])
    roots = (project / "requirements.in").read_text()
    assert "beautifulsoup4==" in roots
    assert "pyyaml==" in roots
