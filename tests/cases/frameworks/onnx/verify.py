def verify(ask, project):
    assert sorted(path.name for path in (project / "models").iterdir()) == ["proto.onnx", "scorer.pkl", "session.onnx"]
