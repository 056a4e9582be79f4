def verify(ask, project):
    status, answer = ask("POST", "/look?limit=10", {"name": ""})
    assert status == 422
    assert [error["loc"][-1] for error in answer["detail"]] == ["limit", "name"]
    text = (project / "service" / "notebook.py").read_text()
    assert "__future__" not in text
    assert "def first_late(x: \"Early\") -> \"int\":" in text
    assert "def early(x: int, *rest: Early) -> list[int]:" in text
