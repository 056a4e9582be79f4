def verify(ask, project):
    assert sorted(path.name for path in (project / "models" / "model").iterdir()) == ["attributes.json", "model.cbm"]
