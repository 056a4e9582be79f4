def verify(ask, project):
    body = {"pets": {"items": [{"kind": "cow"}], "total": 1}, "names": []}
    assert ask("POST", "/merged", body)[0] == 422
