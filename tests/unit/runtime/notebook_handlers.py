"""Handlers whose annotations are strings, at several depths, as a captured notebook may have them."""

# ruff: noqa: UP006, UP035, UP037
from __future__ import annotations

from typing import Annotated, List

from fastapi import Query
from pydantic import BaseModel


class Flower(BaseModel):
    length: float


class Prediction(BaseModel):
    species: str
    confidence: float


def predict(
    flowers: list[Flower],
    scale: Annotated[float, Query(gt=0)] = 1,
    names: Annotated["List['Label'] | None", Query()] = None,
) -> list["Prediction"]:
    return [Prediction(species="iris", confidence=flower.length * scale) for flower in flowers]


Label = str
