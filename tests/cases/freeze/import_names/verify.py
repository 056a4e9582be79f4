def verify(ask, project):
    roots = dict(line.split("==", 1) for line in (project / "requirements.in").read_text().splitlines())
    assert {"beautifulsoup4", "pillow", "python-dateutil", "pyyaml", "scikit-learn"} <= set(roots)
    assert "imported by cell [" in roots["pillow"]
    assert roots["pillow"].endswith("› describe")
    assert "needed by models/" in roots["scikit-learn"]
    hashed = (project / "requirements.txt").read_text()
    assert "cell [" not in hashed, "a number that changes with each run would build the image anew"
    assert not {"matplotlib", "ipython", "nb2svc"} & {line.split("==")[0] for line in hashed.splitlines()}
