"""The words in which ``service/schemas.py`` says what a request holds, beside Python's and pydantic's own.

JSON knows numbers, texts and null; these types take exactly those, and give the handler or model what it had in the
notebook. A number is never taken from a text, nor a date from a number.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, AllowInfNan, AwareDatetime, BeforeValidator, NaiveDatetime, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


# --- numbers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity: core schemas are dicts
class _Choice:
    """The first of several core schemas that fits; ``error`` is pydantic's name for a value that fits none."""

    choices: tuple[CoreSchema, ...]
    error: str
    json: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.union_schema(list(self.choices), custom_error_type=self.error)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> JsonSchemaValue:
        return {"type": self.json}


_INT = core_schema.int_schema(strict=True)
_FLOAT = core_schema.float_schema(strict=True, allow_inf_nan=False)
_WHOLE = core_schema.float_schema(strict=True, allow_inf_nan=False, multiple_of=1)

#: ``1`` stays an int, ``1.0`` a float.
Number = Annotated[float, _Choice((_INT, _FLOAT), error="float_type", json="number")]
#: A whole number; ``3.0`` is one, as in JSON Schema.
Integer = Annotated[
    int,
    _Choice((_INT, core_schema.no_info_after_validator_function(int, _WHOLE)), error="int_type", json="integer"),
]
Float = Annotated[float, Strict(), AllowInfNan(allow_inf_nan=False)]


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool):
        message = "Input should be a number, not a truth value"
        raise ValueError(message)  # noqa: TRY004 - pydantic takes no TypeError
    return value


#: For a choice of numbers, since Python's ``True`` equals 1.
NotBool = BeforeValidator(_not_bool)
#: null, where the notebook had a float that is not a number.
NaN = Annotated[None, AfterValidator(lambda _: math.nan)]


# --- dates --------------------------------------------------------------------------------------


def _text_of(pattern: Callable[[str], Any], name: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not pattern(value):
            message = f"Input should be {name} in ISO 8601, to the microsecond at most"
            raise ValueError(message)
        return value

    return BeforeValidator(check)


def _is_datetime(text: str) -> bool:
    day, time = text[:10], text[11:]
    return bool(_ISO_DATE.fullmatch(day)) and (text[10:] == "" or bool(text[10] in "Tt " and _ISO_TIME.fullmatch(time)))


Date = Annotated[dt.date, _text_of(_ISO_DATE.fullmatch, "a date")]
Time = Annotated[dt.time, _text_of(_ISO_TIME.fullmatch, "a time")]
Datetime = Annotated[NaiveDatetime, _text_of(_is_datetime, "a date and time without zone")]
ZonedDatetime = Annotated[AwareDatetime, _text_of(_is_datetime, "a date and time with its zone")]


def _timestamp(value: dt.datetime) -> Any:
    import pandas as pd

    return pd.Timestamp(value)


def _span(seconds: float) -> dt.timedelta:
    try:
        return dt.timedelta(seconds=seconds)
    except OverflowError as error:
        message = f"{seconds} seconds are more than a time span can hold"
        raise ValueError(message) from error


def _timedelta(value: dt.timedelta) -> Any:
    import pandas as pd

    return pd.Timedelta(value)


#: A time span as answers write it.
Seconds = Annotated[Float, AfterValidator(_span)]


#: As pandas has them: what a handler took as ``pd.Timestamp`` in the notebook.
Timestamp = Annotated[NaiveDatetime, _text_of(_is_datetime, "a date and time without zone"), AfterValidator(_timestamp)]
ZonedTimestamp = Annotated[
    AwareDatetime, _text_of(_is_datetime, "a date and time with its zone"), AfterValidator(_timestamp)
]
Timedelta = Annotated[Float, AfterValidator(_span), AfterValidator(_timedelta)]
