def verify(ask, project):
    assert ask("POST", "/total?net=10") == (200, [10.0, 2.5, 0.25])
    assert [path.name for path in (project / "wheels").iterdir()] == ["fabtax-1.0-py3-none-any.whl"]
    files = [str(path.relative_to(project)) for path in (project / "lib").rglob("*.py")]
    assert files == ["lib/fabland/fee.py"]
