def verify(ask, project):
    status, answer = ask("POST", "/order", {"lines": [{"name": "rose", "price": "dear"}], "discount": 2})
    assert status == 422
    assert [error["loc"][-1] for error in answer["detail"]] == ["price", "discount"]
