def verify(ask, project):
    assert ask("POST", "/price", {"net": 200}) == (200, {"gross": 180.0})
    assert "fabhost finds it as a plugin (fabhost.rules)" in (project / "requirements.in").read_text()
    names = sorted(path.name for path in (project / "wheels").iterdir())
    assert names == ["fabhost-1.0-py3-none-any.whl", "fabplugin-1.0-py3-none-any.whl"]
    assert "--hash=sha256:" in (project / "requirements.txt").read_text().partition("fabplugin==1.0")[2]
