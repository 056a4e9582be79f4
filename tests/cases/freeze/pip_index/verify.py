def verify(ask, project):
    assert ask("POST", "/score?points=6") == (200, 42)
    assert "fabscore==1.0+corp.2 \\\n    --hash=sha256:" in (project / "requirements.txt").read_text()
    assert "(from the index extra-index-url)" in (project / "requirements.in").read_text()
    kept = "".join(path.read_text() for path in project.rglob("*") if path.is_file())
    assert "/simple" not in kept
    assert "urls-secret" not in kept
