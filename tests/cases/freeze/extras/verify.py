def verify(ask, project):
    assert ask("POST", "/report", [1, 2]) == (200, "1 | 2")
    assert ask("POST", "/mail?text=hello&kind=html") == (200, "<p>hello</p>")
    roots = (project / "requirements.in").read_text()
    assert "fabmail[html]==1.0  # " in roots
    assert "fabtable==1.0  # fabreport uses it where it is installed, as in the notebook" in roots
    locked = (project / "requirements.txt").read_text()
    assert "fabhtml==1.0" in locked
    assert "fabchart" not in locked
    assert "fabpipe" not in locked
