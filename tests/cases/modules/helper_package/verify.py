def verify(ask, project):
    assert ask("POST", "/describe?text=rose&lang=de")[0] == 200
    lib = {str(path.relative_to(project / "lib")) for path in (project / "lib").rglob("*.txt")}
    assert lib == {f"features/{name}.txt" for name in ("langs/de", "langs/en", "weights", "title", "stop")}
