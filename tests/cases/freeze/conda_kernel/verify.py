from importlib.metadata import version


def verify(ask, project):
    assert ask("POST", "/size?settings=side: 6") == (200, 6)
    locked = (project / "requirements.txt").read_text()
    assert f"pyyaml=={version('pyyaml')} \\\n    --hash=sha256:" in locked, "from the index, by its name and version"
    assert not (project / "wheels").exists(), "what conda built finds its libraries in conda's folders only"
    assert "file:" not in locked + (project / "requirements.in").read_text()
