def verify(ask, project):
    path = "/shops/8/days/2024-03-01?top=1&share=2&exact=false&tags=x"
    assert ask("GET", path) == (200, ["8", "2024-03-01", 2, 4.0, False, ["x"], 2, 4])
    for query, place in [
        ("top=1.5&share=2&exact=0&tags=x", ["query", "top"]),
        ("top=1&share=a&exact=0&tags=x", ["query", "share"]),
        ("top=1&share=1&exact=0&tags=x&page=one", ["query", "page"]),
        ("share=1&exact=0&tags=x", ["query", "top"]),
    ]:
        status, answer = ask("GET", f"/shops/8/days/2024-03-01?{query}")
        assert (status, answer["detail"][0]["loc"]) == (422, place), answer
    assert ask("GET", "/shops/8/days/soon?top=1&share=1&exact=0&tags=x")[0] == 422
    assert ask("GET", "/half?x=1&y=2") == (200, 1.5)
    assert ask("DELETE", "/shops/8") == (200, {"deleted": 8})
    parameters = ask("GET", "/openapi.json")[1]["paths"]["/half"]["get"]["parameters"]
    assert [(one["name"], one["schema"]["type"]) for one in parameters] == [("x", "integer"), ("y", "number")]
    assert parameters[1]["examples"] == {"half-1": {"value": 0.5}}
