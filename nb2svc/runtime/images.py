"""Pillow's images as parameters and answers of handlers.

A parameter annotated ``PIL.Image.Image`` takes an uploaded file of its name; where a handler has one such parameter,
the body itself may be the image, too. An answer that is an image is written as PNG, which loses nothing.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

import anyio
from fastapi import Depends, File, Request, UploadFile
from fastapi.exceptions import RequestValidationError

MEDIA_TYPE = "image/png"


def is_image(value: Any) -> bool:
    return any(map(_is_image_class, type(value).__mro__))


def _is_image_class(kind: Any) -> bool:
    """Told without importing Pillow."""
    return inspect.isclass(kind) and (kind.__module__, kind.__name__) == ("PIL.Image", "Image")


def written(image: Any) -> bytes:
    """Raises TypeError for an image of a mode that PNG does not have."""
    out = io.BytesIO()
    try:
        image.save(out, "PNG")
    except (OSError, KeyError) as error:
        message = f"An answer is an image of the mode {image.mode}, which PNG does not have: give image.convert('RGB')."
        raise TypeError(message) from error
    return out.getvalue()


def with_images(signature: Signature) -> Signature:
    """The signature with what FastAPI can read in place of Pillow's class."""
    of_images = {name for name, each in signature.parameters.items() if _is_image_class(each.annotation)}
    alone = len(of_images) == 1

    def read(parameter: Parameter) -> Parameter:
        reader = Depends(_reader(parameter, alone=alone))
        return parameter.replace(annotation=Annotated[Any, reader], default=Parameter.empty)

    parameters = signature.parameters.values()
    return signature.replace(parameters=[read(each) if each.name in of_images else each for each in parameters])


def _reader(parameter: Parameter, *, alone: bool) -> Callable[..., Any]:
    """A dependency that gives the image of one parameter; its default, where it has one and nothing was sent."""

    async def read(request: Request, part: Any) -> Any:
        data = await (part.read() if part is not None else _body(request) if alone else _nothing())
        if data:
            return await anyio.to_thread.run_sync(_opened, data, parameter.name)
        if parameter.default is not Parameter.empty:
            return parameter.default
        raise _refused(parameter.name, "missing", "Field required")

    file = Annotated[UploadFile | None, File(alias=parameter.name)]
    parameters = [
        Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request),
        Parameter("part", Parameter.KEYWORD_ONLY, annotation=file, default=None),
    ]
    read.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return read


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").lower()
    return await request.body() if kind.startswith(("image/", "application/octet-stream")) else b""


async def _nothing() -> bytes:
    return b""


def _opened(data: bytes, name: str) -> Any:
    """The image, decoded: what is wrong with it shows before the handler is called."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except Exception as error:  # a decoder of foreign bytes may raise anything
        raise _refused(name, "value_error", f"this is no image that Pillow can read: {type(error).__name__}") from error
    return image


def _refused(name: str, kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body", name), "msg": message, "input": None}])
