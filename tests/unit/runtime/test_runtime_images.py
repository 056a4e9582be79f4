from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from fastapi import UploadFile
from PIL import Image

from nb2svc.capture.examples import request_for
from nb2svc.errors import UsageError
from nb2svc.exchange import encode
from nb2svc.runtime import endpoint
from nb2svc.values import Where

PIXELS = np.arange(24, dtype="uint8").reshape(2, 4, 3)


def encoded(pixels: np.ndarray = PIXELS, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def mean(image: Image.Image, scale: float = 1.0) -> list:
    return [image.size, image.mode, image.format, float(np.asarray(image).mean()) * scale]


def turned(image: Image.Image):
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def test_an_image_is_the_body_or_a_part_of_its_name(ask) -> None:
    expected = [[4, 2], "RGB", "PNG", 11.5]
    assert ask(mean, files={"image": ("x.png", encoded())}).json() == expected
    assert ask(mean, content=encoded(), headers={"content-type": "image/png"}).json() == expected
    octets = {"content-type": "application/octet-stream"}
    answer = ask(mean, query="?scale=2", content=encoded(kind="BMP"), headers=octets)
    assert answer.json() == [[4, 2], "RGB", "BMP", 23.0]


def test_several_images_are_parts(ask) -> None:
    def both(left: Image.Image, right: "Image.Image") -> list:  # noqa: UP037 - a text, as users write them
        return [left.size, right.size]

    parts = {"left": ("a", encoded()), "right": ("b", encoded(PIXELS[:1]))}
    assert ask(both, files=parts).json() == [[4, 2], [4, 1]]
    answer = ask(both, content=encoded(), headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "left"])


def test_an_image_may_have_a_default(ask) -> None:
    def size(image: Image.Image = None) -> list:
        return list(image.size) if image else []

    assert ask(size).json() == []
    assert ask(size, files={"image": ("x.png", encoded())}).json() == [4, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content": b"no image", "headers": {"content-type": "image/png"}}, "no image that Pillow can read"),
        ({"content": encoded()[:45], "headers": {"content-type": "image/png"}}, "no image that Pillow can read"),
        ({"content": encoded(), "headers": {"content-type": "application/json"}}, "Field required"),
        ({"files": {"picture": ("x.png", encoded())}}, "Field required"),
        ({"files": {"image": ("x.png", b"")}}, "Field required"),
        ({}, "Field required"),
    ],
)
def test_what_is_no_image_is_422(ask, options, message: str) -> None:
    answer = ask(mean, **options)
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "image"]
    assert message in problem["msg"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1", "P", "LA", "I;16"])
def test_an_image_is_answered_as_png(ask, mode: str) -> None:
    image = Image.fromarray(PIXELS).convert("L").convert(mode) if mode != "I;16" else Image.new(mode, (4, 2), 500)
    answer = ask(lambda: image, status=201)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "image/png")
    got = Image.open(io.BytesIO(answer.content))
    assert np.array_equal(np.asarray(got.convert("RGBA")), np.asarray(image.convert("RGBA")))


def test_an_image_in_gives_an_image_out(ask) -> None:
    answer = ask(turned, content=encoded(), headers={"content-type": "image/png"})
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), PIXELS[:, ::-1])


def test_a_mode_that_png_does_not_have_is_an_error_that_says_so(ask) -> None:
    with pytest.raises(TypeError, match=r"the mode CMYK, which PNG does not have: give image.convert\('RGB'\)"):
        ask(lambda: Image.new("CMYK", (1, 1)))


def test_the_document_shows_the_upload(app) -> None:
    app.post("/it")(endpoint(mean))
    body = app.openapi()["paths"]["/it"]["post"]["requestBody"]["content"]
    assert list(body) == ["multipart/form-data"]


def test_examples_are_images_files_or_bytes(app, tmp_path: Path) -> None:
    app.post("/it")(endpoint(mean))
    app.post("/file")(endpoint(lambda: None))
    route = next(each for each in app.routes if getattr(each, "path", "") == "/it")
    (tmp_path / "cat.png").write_bytes(encoded())
    for given in (Image.fromarray(PIXELS), tmp_path / "cat.png", encoded()):
        request = encode(request_for(route, "POST", {"image": given}, Where()))
        assert encoded() in request.body
    with pytest.raises(UsageError, match="CMYK"):
        request_for(route, "POST", {"image": Image.new("CMYK", (1, 1))}, Where())


def test_the_example_of_the_only_file_needs_no_name(app) -> None:
    def size(file: UploadFile) -> int:
        return file.size or 0

    app.post("/it")(endpoint(size))
    route = next(each for each in app.routes if getattr(each, "path", "") == "/it")
    request = request_for(route, "POST", b"abc", Where())
    assert request["files"]["file"]["base64"] == "YWJj"
