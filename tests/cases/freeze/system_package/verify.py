def verify(ask, project):
    dockerfile = (project / "Dockerfile").read_text()
    assert "#   libmagic1: asked for by %nb2svc require\n" in dockerfile
    assert "install --no-install-recommends libmagic1 \\\n" in dockerfile
    assert "FROM system AS service\n" in dockerfile
