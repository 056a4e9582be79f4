import subprocess


def verify(ask, project):
    assert ask("POST", "/miles?kilometres=1.609344") == (200, 1.0)
    assert [path.name for path in (project / "wheels").iterdir()] == ["fabgeo-1.0-py3-none-any.whl"]
    tree = project.parent / "notebook" / "fabgeo"
    tag = ["git", "-C", str(tree), "rev-parse", "--short=12", "v1.0"]
    commit = subprocess.run(tag, check=True, capture_output=True, text=True).stdout.strip()
    assert f"from git commit {commit}" in (project / "requirements.in").read_text()
    assert "--hash=sha256:" in (project / "requirements.txt").read_text().partition("fabgeo==1.0")[2]
    assert str(tree) not in "".join(path.read_text() for path in project.glob("*.*"))
