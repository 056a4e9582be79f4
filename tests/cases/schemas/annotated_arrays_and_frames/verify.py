def verify(ask, project):
    assert ask("POST", "/double", {"x": [1, 2, 3]}) == (200, [2.0, 4.0, 6.0])
    assert ask("POST", "/double", {"x": [[1]]})[0] == 422
    assert ask("POST", "/scaled", {"x": [[1, 2], [3, 4]]}) == (200, {"dtype": "float32", "x": [[1.0, 2.0], [3.0, 4.0]]})
    assert ask("POST", "/totals", [{"net": 10, "shop": "z"}]) == (200, [{"net": 10.0, "shop": "z", "gross": 12.0}])
    assert ask("POST", "/totals", [{"net": "ten", "shop": "z"}])[0] == 422
    assert ask("POST", "/sums", {"s": [1, 1]}) == (200, [1, 2])
    assert ask("POST", "/sums", {"s": [1, 1], "weights": [2, 2]}) == (200, [2.0, 4.0])
    assert ask("GET", "/weekday?day=2024-05-02") == (200, "Thursday")
