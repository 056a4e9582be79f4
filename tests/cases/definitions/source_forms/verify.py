def verify(ask, project):
    code = (project / "service" / "notebook.py").read_text()
    for comment in ("above", "behind", "between", "inside", "at the end"):
        assert f"# a comment {comment}" in code
