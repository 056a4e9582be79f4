def verify(ask, project):
    assert ask("POST", "/models/model/predict", {"inputs": [5]}) == (200, {"outputs": [10]})
