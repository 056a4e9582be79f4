def verify(ask, project):
    names = {path.name: path.read_bytes() for path in (project / "models").iterdir()}
    assert sorted(names) == ["ensemble.pkl", "exported.pt2", "scripted.pt"]
    assert not [name for name, content in names.items() if b"ipykernel" in content]  # paths of the notebook's cells
