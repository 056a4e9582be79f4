"""docs/json.md: each line of its tables is run."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
from collections import Counter, UserList, deque, namedtuple
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePosixPath
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from scipy import sparse

from nb2svc.capture import schema
from nb2svc.capture.schema_module import execute, module_source
from nb2svc.runtime.encoding import encode, to_json

pytestmark = pytest.mark.once  # pages

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "json.md").read_text(encoding="utf-8")


class Color(Enum):
    RED = "red"


class Item(BaseModel):
    price: float


class Bag:
    def __init__(self) -> None:
        self.one = 1


@dataclasses.dataclass
class Box:
    width: int


Point = namedtuple("Point", "x y")  # noqa: PYI024

NAMES = {
    **{each.__name__: each for each in (Color, Item, Bag, Box, Point, Counter, UserList, deque, Decimal, Fraction)},
    **{each.__name__: each for each in (date, datetime, time, timedelta, timezone, PurePosixPath, UUID)},
    "np": np,
    "pd": pd,
    "sparse": sparse,
    "nan": math.nan,
    "inf": math.inf,
}


def rows(head: str) -> list[tuple[str, ...]]:
    """The cells of all tables under this head line, code without its marks."""
    tables = re.findall(rf"^{re.escape(head)}\n\|[ |-]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert tables, head
    lines = "".join(tables).splitlines()
    return [tuple(cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in lines]


def value(expression: str):
    return eval(expression, dict(NAMES))  # noqa: S307 - of our own page


@pytest.mark.parametrize(("answer", "written"), rows("| answer | JSON |"))
def test_an_answer_becomes_this_json(answer, written):
    got = to_json(encode(value(answer))).decode()
    assert got == json.dumps(json.loads(written), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(("answer", "says"), rows("| answer | says |"))
def test_an_answer_without_faithful_form_says_so(answer, says):
    with pytest.raises((TypeError, ValueError), match=re.escape(says)):
        to_json(encode(value(answer)))


@pytest.mark.parametrize(("example", "passing", "refused"), rows("| example | passes | is refused with 422 |"))
def test_an_example_lets_through_what_is_like_it(example, passing, refused):
    body = schema.infer_body(dict(inspect.signature(lambda x: x).parameters), "f", [{"x": value(example)}])
    check = TypeAdapter(execute(module_source([body]))[body.name])
    for sent in json.loads(passing):
        check.validate_python({"x": sent})
    for sent in json.loads(refused):
        with pytest.raises(ValidationError) as raised:
            check.validate_python({"x": sent})
        assert raised.value.errors()[0]["loc"][0] == "x", sent
