import json

from websockets.sync.client import connect


def verify(ask, project):
    with connect(ask.address.replace("http", "ws", 1).rstrip("/") + "/chat/one?loud=true") as client:
        assert client.recv(30) == "hello one"
        client.send("back")
        assert json.loads(client.recv(30)) == {"text": "BACK"}
    assert 'app.websocket("/chat/{room}")(notebook.chat)' in (project / "service" / "main.py").read_text()
    assert "websockets" in (project / "requirements.in").read_text()
    assert list(ask("GET", "/openapi.json")[1]["paths"]) == ["/same"]
