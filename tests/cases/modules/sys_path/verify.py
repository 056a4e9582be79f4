def verify(ask, project):
    found = sorted(str(path.relative_to(project / "lib")) for path in (project / "lib").rglob("*.py"))
    assert found == ["deep/part.py", "left.py", "packed/__init__.py", "packed/inner.py", "right.py"]
