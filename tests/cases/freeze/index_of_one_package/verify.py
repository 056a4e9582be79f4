def verify(ask, project):
    assert ask("GET", "/device") == (200, "cpu")
    assert "fabtensor==2.0+cpu \\\n    --hash=sha256:" in (project / "requirements.txt").read_text()
    assert "fabtensor==2.0+cpu  # imported by" in (project / "requirements.in").read_text()
    assert "(from the index fab-cpu)" in (project / "requirements.in").read_text()
    named = 'uv.toml has to name the index "fab-cpu", which gives fabtensor.'
    assert named in (project / "Dockerfile").read_text()
    kept = "".join(path.read_text() for path in project.rglob("*") if path.is_file())
    assert "/simple" not in kept
    assert "variables-secret" not in kept
