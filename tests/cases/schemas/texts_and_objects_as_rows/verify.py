def verify(ask, project):
    assert ask("POST", "/models/mood/predict", {"inputs": ["fine"]}) == (200, {"outputs": [1]})
    status, answer = ask("POST", "/models/mood/predict", {"inputs": ["fine", 3]})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "inputs", 1])
    assert ask("POST", "/models/place/predict", {"inputs": [{"age": 1, "new": "x"}]})[0] == 200
    assert ask("POST", "/models/place/predict", {"inputs": [{"age": None}]})[0] == 422
