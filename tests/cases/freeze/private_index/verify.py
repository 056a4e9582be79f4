def verify(ask, project):
    assert ask("POST", "/book?amount=3.6") == (200, 4)
    requirements = (project / "requirements.txt").read_text()
    assert "fabledger==1.4 \\\n    --hash=sha256:" in requirements
    assert "fabround==2.0 \\\n    --hash=sha256:" in requirements, "the kernel's, not the newest"
    assert "(from the index company)" in (project / "requirements.in").read_text()
    named = 'uv.toml has to name the index "company", which gives fabledger, fabround.'
    assert named in (project / "Dockerfile").read_text()
    assert not (project / "wheels").exists(), "an index has them"
    kept = "".join(path.read_text() for path in project.rglob("*") if path.is_file() and path.suffix != ".joblib")
    assert "/simple" not in kept
    assert "netrcs-secret" not in kept
