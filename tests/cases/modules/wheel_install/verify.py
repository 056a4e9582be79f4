def verify(ask, project):
    assert ask("POST", "/convert?value=1&unit=foot") == (200, 30.48)
    assert [path.name for path in (project / "wheels").iterdir()] == ["fabunits-1.0-py3-none-any.whl"]
    assert "local wheel, from the installed files" in (project / "requirements.in").read_text()
    assert "--hash=sha256:" in (project / "requirements.txt").read_text().partition("fabunits==1.0")[2]
