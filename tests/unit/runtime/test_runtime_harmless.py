"""Which handlers may run on the event loop."""

from __future__ import annotations

import asyncio
import functools
import json
import math
import os
import socket
import subprocess
import threading
import time
from collections import defaultdict
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest
from fastapi import Depends, Header, HTTPException, Query, Request, UploadFile
from pydantic import BaseModel, Field
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from nb2svc.runtime.harmless import is_harmless


class Model:
    def predict(self, rows: Any) -> Any:
        return rows


class Colour(str, Enum):
    red = "red"


class Flower(BaseModel):
    length: float = Field(gt=0)
    colour: Colour = Colour.red

    def row(self) -> list[float]:
        return [self.length]


class Logged(BaseModel):
    length: float

    def row(self) -> list[float]:
        Path("log").write_text("x")
        return [self.length]


class Scaler:
    def __init__(self) -> None:
        self.mean = np.ones(3)

    def __call__(self, row: Any) -> Any:
        return row - self.mean


class Client:
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def get(self) -> Any:
        return 1


model = Model()
other = LogisticRegression()
standard = StandardScaler()
scaler = Scaler()
client = Client()
SPECIES = ("setosa", "virginica")
NAMES: dict[str, Any] = defaultdict(list, {"a": [1]})
TABLE = {"a": {"b": [1.5, None]}, "frame": pd.DataFrame({"a": [1]}), "lock": math.pi}
LOCKS = {"a": threading.Lock()}
HANDLERS_BY_NAME = {"write": lambda text: open(text, "w")}  # noqa: SIM115, PTH123


@functools.lru_cache(maxsize=8)
def cached(text: str) -> str:
    return text.upper()


@functools.cache
def cached_read(text: str) -> str:
    return Path(text).read_text()


def timed(function: Any) -> Any:
    @functools.wraps(function)
    def inner(*arguments: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        answer = function(*arguments, **options)
        return answer, time.perf_counter() - begin

    return inner


def waiting(function: Any) -> Any:
    @functools.wraps(function)
    def inner(*arguments: Any) -> Any:
        time.sleep(1)
        return function(*arguments)

    return inner


def helper(row: Any) -> Any:
    return [math.log(value) for value in row]


def deep(row: Any) -> Any:
    return deeper(row)


def deeper(row: Any) -> Any:
    return os.environ["HOME"]


def plain(flower: Flower) -> Any:
    likely = model.predict(np.array([flower.row()]))
    return {"species": SPECIES[0], "colour": Colour.red, "p": round(float(likely[0, 0]), 3)}


def framed(flower: Flower, scale: Annotated[float, Query(gt=0)] = 1) -> Any:
    frame = pd.DataFrame([flower.model_dump()]).assign(scale=scale)
    if frame.empty:
        raise HTTPException(422, "nothing")
    return model.predict(frame).to_dict("records")


def helped(flower: Flower) -> Any:
    return model.predict([helper(scaler(standard.transform([flower.row()])))]), cached("a"), json.dumps(TABLE["a"])


@timed
def decorated(flower: Flower) -> Any:
    return model.predict([[each for each in flower.row() if each]])


def imports(flower: Flower) -> Any:
    from datetime import datetime

    return model.predict([datetime.now().isoformat()])  # noqa: DTZ005


def by_position(rows: Any) -> Any:
    return model.predict(rows)


GOOD = [
    plain,
    framed,
    helped,
    decorated,
    imports,
    functools.partial(framed, scale=2),
    scaler,
    by_position,
]


@pytest.mark.parametrize("handler", GOOD, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_what_waits_for_batched_models_only_is_harmless(handler) -> None:
    assert is_harmless(handler, lambda value: value is model)


def generator(flower: Flower) -> Any:
    yield model.predict([1])


async def coroutine(flower: Flower) -> Any:
    return model.predict([1])


def importing(flower: Flower) -> Any:
    import requests

    return requests.get("http://x")  # noqa: S113 - never called


def uploaded(file: UploadFile) -> Any:
    return file.file.read()


def depending(session: Any = Depends(helper)) -> Any:  # noqa: B008 - as FastAPI has it
    return session


def depending_annotated(session: Annotated[Any, Depends(helper)], token: Annotated[str, Header()]) -> Any:
    return session


def local() -> Any:
    lock = threading.Lock()

    def inner(flower: Flower) -> Any:
        with lock:
            return 1

    return inner


BAD = {
    "a file": lambda: open("x"),  # noqa: SIM115, PTH123
    "a path": lambda: Path("x").read_text(),
    "sleep": lambda: time.sleep(1),
    "a csv": lambda: pd.read_csv("x"),
    "writing a csv": lambda frame: frame.to_csv("x"),
    "numpy's files": lambda: np.load("x"),
    "a process": lambda: subprocess.run(["x"]),  # noqa: PLW1510
    "a socket": lambda: socket.create_connection(("x", 1)),
    "asyncio": lambda: asyncio.run(coroutine(1)),  # type: ignore[arg-type]
    "code": lambda text: eval(text),  # noqa: S307, PLW0108
    "another model": lambda row: other.predict(row),  # noqa: PLW0108
    "what others would see": lambda: np.errstate(all="ignore"),
    "training": lambda rows: standard.fit(rows),  # noqa: PLW0108
    "what a helper calls": lambda row: deep(row),  # noqa: PLW0108
    "what a decorator does": waiting(plain),
    "what is cached": lambda: cached_read("x"),
    "a lock in an object": lambda: client.get(),  # noqa: PLW0108
    "a lock in a dict": lambda: LOCKS["a"],
    "a function in a dict": lambda: HANDLERS_BY_NAME["write"]("x"),
    "a name that is not there": lambda: nowhere,  # type: ignore[name-defined] # noqa: F821
    "a generator": generator,
    "a coroutine": coroutine,
    "an import": importing,
    "a file of a form": uploaded,
    "the request": eval("lambda request: request", {}),  # noqa: S307
    "a dependency": depending,
    "an annotated dependency": depending_annotated,
    "a lock in a closure": local(),
}
BAD["the request"].__annotations__ = {"request": Request}
BAD["a method of its argument"] = eval("lambda flower: flower.row()", {})  # noqa: S307
BAD["a method of its argument"].__annotations__ = {"flower": Logged}


@pytest.mark.parametrize("handler", BAD.values(), ids=BAD)
def test_whatever_may_wait_is_not(handler) -> None:
    assert not is_harmless(handler, lambda value: value is model)
