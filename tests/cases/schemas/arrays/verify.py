def verify(ask, project):
    assert ask("POST", "/models/bright/predict", {"inputs": [[[1, 1, 1], [0, 0, 0]]]}) == (200, {"outputs": [0.5]})
    status, answer = ask("POST", "/models/bright/predict", {"inputs": [[[1, 1, 1], [0, 0]]]})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "inputs", 0, 1])
    status, answer = ask("POST", "/models/tree/predict", {"inputs": [[1, 1.5]]})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "inputs", 0, 1])
    assert ask("POST", "/models/tree/predict", {"inputs": [[6, 5.0]]}) == (200, {"outputs": ["large"]})
    assert ask("GET", "/v2/models/bright")[1]["inputs"] == [{"name": "inputs", "datatype": "FP32", "shape": [-1, 2, 3]}]
    tensor = {"name": "inputs", "shape": [1, 2, 3], "datatype": "FP32", "data": [1, 1, 1, 0, 0, 0]}
    outputs = ask("POST", "/v2/models/bright/infer", {"inputs": [tensor]})[1]["outputs"]
    assert (outputs[0]["shape"], outputs[0]["data"]) == ([1], [0.5])
    tensor = {"name": "inputs", "shape": [1, 2], "datatype": "FP64", "data": [1, "a"]}
    assert ask("POST", "/v2/models/tree/infer", {"inputs": [tensor]})[0] == 400
