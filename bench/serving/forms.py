"""How a server wants to be asked and where the numbers stand in its answer: a form for each way."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from answers import Numbers, npy, under

JSON = "application/json"
NPY = "application/x-npy"


@dataclass(frozen=True)
class Form:
    """A path and how a request's body is made of an item and the request's number."""

    path: str
    body: Callable[[Any, int], bytes]
    numbers: Numbers
    content_type: str = JSON
    accept: str = JSON

    def requests(self, items: Sequence[Any]) -> list[bytes]:
        """One whole HTTP request for each item."""
        return [request(self, self.body(item, number)) for number, item in enumerate(items)]


def request(form: Form, body: bytes) -> bytes:
    """The bytes of one HTTP/1.1 request that keeps its connection."""
    head = (
        f"POST {form.path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: {form.accept}\r\n"
        f"content-type: {form.content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def values_of(item: Any) -> list[Any]:
    """The features of one row without their names; a matrix stays what it is."""
    return list(item.values()) if isinstance(item, dict) else item


def plain(path: str = "/predict", answer: str = "probabilities") -> Form:
    """The item itself, as people write their own handlers."""
    return Form(path, lambda item, _: encoded(item), under(answer))


def named(path: str, key: str = "inputs", answer: str | None = "outputs", *, names: bool = False) -> Form:
    """Rows below a key: one row, with or without the names of its features, or the whole matrix."""

    def body(item: Any, _: int) -> bytes:
        rows = [item if names else values_of(item)] if isinstance(item, dict) else item
        return encoded({key: rows})

    return Form(path, body, under(answer) if answer else under())


def npy_rows(path: str) -> Form:
    """The matrix as the bytes of an ``.npy`` file, both ways."""

    def body(item: Any, _: int) -> bytes:
        file = io.BytesIO()
        np.save(file, np.asarray(item, dtype=float))
        return file.getvalue()

    return Form(path, body, npy, NPY, NPY)


def open_inference(model: str, output: str) -> Form:
    """The Open Inference Protocol (v2): a tensor for a row's values or a matrix, a column each for a row with words."""

    def body(item: Any, number: int) -> bytes:
        outputs = [{"name": output}]
        if isinstance(item, dict) and any(isinstance(value, str) for value in item.values()):
            inputs = [column(name, value) for name, value in item.items()]
            asked = {"id": str(number), "parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": outputs}
            return encoded(asked)
        matrix = np.atleast_2d(np.asarray(values_of(item), dtype=float))
        tensor = {"name": "rows", "shape": matrix.shape, "datatype": "FP64", "data": matrix.ravel().tolist()}
        return encoded({"id": str(number), "inputs": [tensor], "outputs": outputs})

    return Form(f"/v2/models/{model}/infer", body, under("outputs", 0, "data"))


def column(name: str, value: Any) -> dict[str, Any]:
    """One feature of one row as a tensor of its own."""
    if isinstance(value, str):
        return {
            "name": name, "shape": [1, 1], "datatype": "BYTES", "data": [value], "parameters": {"content_type": "str"}
        }  # fmt: skip
    datatype = "INT64" if isinstance(value, int) else "FP64"
    return {"name": name, "shape": [1, 1], "datatype": datatype, "data": [value]}
