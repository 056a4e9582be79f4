def verify(ask, project):
    path = "/models/encoder/transform"
    assert ask("POST", path, {"inputs": [{"city": "Paris"}]}) == (200, {"outputs": [[1.0, 0.0]]})
    assert ask("POST", path, {"inputs": [{"city": "Oslo"}]})[0] == 422
