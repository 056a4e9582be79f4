def verify(ask, project):
    body = {"name": "x", "address": {"street": "y"}, "tags": ["1"]}
    assert ask("POST", "/hire", body)[0] == 422
    assert ask("POST", "/hire", {**body, "tags": [], "address": {"street": "X"}})[0] == 422
    status, answer = ask("POST", "/hire", {**body, "tags": []})
    assert status == 200
    assert answer["boss"]["label"] == "boss@top"
