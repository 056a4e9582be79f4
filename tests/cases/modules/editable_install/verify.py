import subprocess
from zipfile import ZipFile


def verify(ask, project):
    assert ask("POST", "/gross?net=10.1&country=de") == (200, 12.02)
    wheel = project / "wheels" / "fabshop-1.0-py3-none-any.whl"
    names = {name for name in ZipFile(wheel).namelist() if not name.startswith("fabshop-")}
    assert names == {"fabshop/__init__.py", "fabshop/rounding.py", "fabshop/rates.txt"}
    tree = project.parent / "notebook" / "fabshop"
    head = ["git", "-C", str(tree), "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
    note = f"from an editable install, git commit {commit} with uncommitted changes"
    assert note in (project / "requirements.in").read_text()
    assert not (project / "lib").exists(), "an installed package is no helper module"
    assert str(tree) not in "".join(path.read_text() for path in project.glob("*.*"))
