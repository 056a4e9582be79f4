def verify(ask, project):
    assert (project / "service" / "notebook.py").read_text().count("class Center") == 1
