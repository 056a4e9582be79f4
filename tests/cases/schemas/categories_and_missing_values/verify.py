ROW = {"age": 30, "hours": 40, "city": "Oslo", "plan": "a"}


def verify(ask, project):
    def predict(**change):
        row = {key: value for key, value in {**ROW, **change}.items() if value is not ...}
        return ask("POST", "/models/model/predict", {"inputs": [ROW, row]})

    assert predict()[0] == 200
    assert predict(age=None)[0] == 200  # imputed
    assert predict(plan=None)[0] == 200  # imputed
    assert predict(plan="never seen")[0] == 200  # ignored by its encoder
    for change, column in [
        ({"city": "Berlin"}, "city"),
        ({"city": None}, "city"),
        ({"hours": None}, "hours"),
        ({"hours": 1.5}, "hours"),
        ({"age": "30"}, "age"),
        ({"age": True}, "age"),
        ({"plan": 3}, "plan"),
        ({"plan": ...}, "plan"),
        ({"more": 1}, "more"),
    ]:
        status, answer = predict(**change)
        assert (status, answer["detail"][0]["loc"]) == (422, ["body", "inputs", 1, column]), (change, answer)
    assert "'Oslo', 'Paris' or 'Rome'" in predict(city="Berlin")[1]["detail"][0]["msg"]
    schemas = ask("GET", "/openapi.json")[1]["components"]["schemas"]
    assert schemas["ModelRow"]["properties"]["city"]["enum"] == ["Oslo", "Paris", "Rome"]
    assert schemas["ModelPredictOutputs"]["properties"]["outputs"]["items"]["enum"] == ["no", "yes"]
    path = ask("GET", "/openapi.json")[1]["paths"]["/models/model/predict"]["post"]
    assert path["requestBody"]["content"]["application/json"]["examples"]["model-predict"]["value"]["inputs"][1]["age"] is None
    assert path["responses"]["200"]["content"]["application/json"]["examples"]["model-predict"]["value"]["outputs"]
