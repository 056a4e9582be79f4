def verify(ask, project):
    assert (project / "models" / "model.joblib").is_file()
