def verify(ask, project):
    names = {path.name for path in (project / "models" / "classify").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
