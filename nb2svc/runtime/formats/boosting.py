"""XGBoost, LightGBM and CatBoost: trees in the framework's own format, attributes of the Python object as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from .plain import class_named, decode


def load_xgboost(source: BinaryIO | Path, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    """A ``Booster`` from its file, a scikit-learn wrapper from its folder."""
    import xgboost

    trees = (source / "model.ubj").read_bytes() if isinstance(source, Path) else source.read()
    booster = xgboost.Booster()
    booster.load_model(bytearray(trees))
    if not isinstance(source, Path):
        return booster
    kind, attributes, _ = _object(source)
    model = kind.__new__(kind)
    vars(model).update(attributes, _Booster=booster)
    return model


def load_lightgbm(source: Path, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    """A ``Booster``, or a scikit-learn wrapper round one."""
    import lightgbm

    text = (source / "model.txt").read_bytes().decode()
    kind, attributes, document = _object(source)
    booster = lightgbm.Booster.__new__(lightgbm.Booster)
    wrapped = "booster" in document
    booster.__setstate__({**(decode(document["booster"]) if wrapped else attributes), "_handle": text})
    if not wrapped:
        return booster
    model = kind.__new__(kind)
    vars(model).update(attributes, _Booster=booster)
    return model


def load_catboost(source: Path, options: Mapping[str, Any]) -> Any:  # noqa: ARG001 - has none
    kind, attributes, _ = _object(source)
    model = kind.__new__(kind)
    model.__setstate__({**attributes, "__model": (source / "model.cbm").read_bytes()})
    return model


def _object(folder: Path) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    document: dict[str, Any] = json.loads((folder / "attributes.json").read_bytes())
    return class_named(document["class"]), decode(document["attributes"]), document
