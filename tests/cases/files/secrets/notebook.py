# Five secrets in five places; the export names them all, and the way round each.

# %% [prepare]
%nb2svc include partner.ini
from pathlib import Path

_ = Path("partner.py").write_text('KEY = "AKIA' + 'IOSFODNN7EXAMPLE"\n\n\ndef ask(x):\n    return [KEY[:4], x]\n')

# %% [objects]
import os

from partner import ask


class Client:
    def __init__(self):
        self.settings = {"user": "ann", "password": "tiger" + "tiger" * 2}
        self.dsn = f"postgresql+x//ann:{os.environ['DB_PASSWORD']}@db"

    def user(self):
        return self.settings["user"]


client = Client()

# %% [handler]
%%endpoint POST /ask --example {"x": 2, "x-api-key": "9a8B7c6D5e4F3g2H1i0JkL9a"}
from typing import Annotated
from fastapi import Header

def handler(x: int, x_api_key: Annotated[str, Header()]) -> list:
    return [client.user(), len(x_api_key), ask(x), len(open("partner.ini").read())]
