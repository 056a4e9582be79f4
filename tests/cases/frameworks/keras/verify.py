def verify(ask, project):
    assert (project / "models" / "model.keras").is_file()
    assert 'os.environ.setdefault("KERAS_BACKEND", "torch")' in (project / "service" / "__init__.py").read_text()
