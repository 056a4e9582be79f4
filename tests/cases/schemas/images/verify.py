def verify(ask, project):
    status, answer = ask("POST", "/brightness", {"image": "no file"})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "image"])
    content = ask("GET", "/openapi.json")[1]["paths"]["/brightness"]["post"]["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]
    assert "python-multipart" in (project / "requirements.in").read_text()
