"""The route of a model's method: JSON goes FastAPI's way, other formats their own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from .calls import Call
from .encoding import encode, to_json
from .media import JSON, Format, accepted, is_json, media_type_of
from .routes import DirectRoute

if TYPE_CHECKING:
    from .models import ServedModel

_ANY = ("", "*/*", JSON)  # what a client accepts that takes JSON
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def model_route(served: ServedModel, method: str, formats: Mapping[str, Format], request: Any) -> type[APIRoute]:
    """The route's class; ``request`` is the type of a JSON body."""
    json_body = cache(lambda: TypeAdapter[Any](request))  # made when the first client needs it

    def answered(body: bytearray, given: str, parameters: Mapping[str, str], wanted: str) -> Response:
        try:
            rows = json_body().validate_json(body)["inputs"] if given == JSON else formats[given].read(body, parameters)
        except ValidationError as error:
            raise _unprocessable(error, ("body",) if given == JSON else ("body", "inputs")) from error
        return _written(served.call(method, rows), wanted, formats)

    call = Call(answered, None, typed=False, timeout=None, on_loop=method in served.batched)  # as a request in JSON

    class ModelRoute(DirectRoute):
        def is_plain(self, headers: list[tuple[bytes, bytes]]) -> bool:
            accept = next((value for name, value in headers if name == b"accept"), b"")
            return accept.decode("latin-1") in _ANY and super().is_plain(headers)

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def route(request: Request) -> Response:
                given, parameters = media_type_of(request.headers.get("content-type", ""))
                wanted = _wanted(request.headers.get("accept", ""), formats)
                given = JSON if is_json(given) else given
                if wanted == JSON and given in (JSON, ""):
                    return await handle(request)
                if given != JSON and given not in formats:
                    message = f"The body is {given or 'of no type'}; this takes {', '.join((JSON, *formats))}."
                    raise HTTPException(415, message)
                body = await whole_body(request)
                given_and_wanted = {"body": body, "given": given, "parameters": parameters, "wanted": wanted}
                answer: Response = await call(given_and_wanted)
                return answer

            return route

    return ModelRoute


async def whole_body(request: Request) -> bytearray:
    """In memory of its own, into which a model may write. Raises HTTPException where the client goes away."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
    except ClientDisconnect as error:
        raise HTTPException(400, "The body ended too early.") from error
    return body


def _wanted(accept: str, formats: Mapping[str, Format]) -> str:
    if accept in _ANY:
        return JSON
    wanted = accepted(accept, formats)
    if not wanted:
        raise HTTPException(406, f"This answers as {', '.join((JSON, *formats))}.")
    return wanted


def _written(answer: Any, wanted: str, formats: Mapping[str, Format]) -> Response:
    if wanted == JSON:
        return Response(to_json({"outputs": encode(answer)}), media_type=JSON)
    try:
        return Response(formats[wanted].write(answer), headers={"Content-Type": wanted})
    except (ValueError, TypeError, OverflowError) as error:
        raise HTTPException(406, f"This answer has no form as {wanted}, ask for {JSON}: {error}") from error


def _unprocessable(error: ValidationError, place: tuple[str, ...]) -> RequestValidationError:
    return RequestValidationError([{**each, "loc": (*place, *each["loc"])} for each in error.errors(include_url=False)])


def described(formats: Mapping[str, Format]) -> dict[str, Any]:
    """What OpenAPI says of them: arguments of FastAPI's ``post``."""
    contents = dict.fromkeys(formats, _BINARY)
    return {
        "openapi_extra": {"requestBody": {"content": contents}},
        "responses": {
            200: {"content": contents},
            406: {"description": "The answer has no such form"},
            415: {"description": "The body has another type"},
        },
    }
