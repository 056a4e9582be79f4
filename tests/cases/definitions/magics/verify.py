def verify(ask, project):
    code = (project / "service" / "notebook.py").read_text()
    assert "get_ipython" not in code
    assert "echo" not in code
