# `%%endpoint WEBSOCKET /path` serves an async handler of a WebSocket; options about requests and answers are refused.

# %% [imports]
from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

GREETING = "hello"

# %% [example] fails
%%endpoint WEBSOCKET /chat --example {"text": "a"}
async def chat(socket: WebSocket):
    await socket.accept()

# %% [sync] fails
%%endpoint WEBSOCKET /chat
def chat(socket: WebSocket):
    return GREETING

# %% [chat]
%%endpoint WEBSOCKET /chat/{room}
async def chat(socket: WebSocket, room: str, loud: bool = False):
    await socket.accept()
    await socket.send_text(f"{GREETING} {room}")
    try:
        async for text in socket.iter_text():
            await socket.send_json({"text": text.upper() if loud else text})
    except WebSocketDisconnect:
        pass

# %% [same]
%%endpoint GET /same --example {}
def same():
    return GREETING
