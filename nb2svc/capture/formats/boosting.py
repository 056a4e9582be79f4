"""XGBoost, LightGBM and CatBoost: the trees in the framework's own format, the Python object's attributes as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .adapter import Needs, UnsuitableError, is_a, is_own
from .plain import encode

ATTRIBUTES = "attributes.json"


class XGBoost:
    """``Booster`` as UBJSON; a scikit-learn wrapper as its booster and its attributes."""

    name = "xgboost"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_own(value, "xgboost") and is_a(value, "xgboost", "Booster", "XGBModel")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - its pickle holds the same bytes
        return False

    def needs(self, value: Any) -> Needs:
        return Needs(modules=("xgboost",) if is_a(value, "xgboost", "Booster") else ("sklearn", "xgboost"))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        attributes = dict(vars(value))
        booster = value
        if not is_a(value, "xgboost", "Booster"):
            booster = attributes.pop("_Booster", None)
            _write_attributes(value, attributes, folder)
        elif set(attributes) - {"handle"}:
            raise UnsuitableError(f"it has no place for {', '.join(sorted(set(attributes) - {'handle'}))}")
        if booster is None:
            raise UnsuitableError("the model is not fitted")
        (folder / "model.ubj").write_bytes(booster.save_raw("ubj"))
        return {}


class LightGBM:
    """The model's text, all its trees, and the attributes of ``Booster`` and of the scikit-learn wrapper."""

    name = "lightgbm"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_own(value, "lightgbm") and is_a(value, "lightgbm", "Booster", "LGBMModel")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - its pickle holds the same text
        return False

    def needs(self, value: Any) -> Needs:
        return Needs(modules=("lightgbm",) if is_a(value, "lightgbm", "Booster") else ("lightgbm", "sklearn"))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        attributes = dict(vars(value))
        wrapped = not is_a(value, "lightgbm", "Booster")
        booster = attributes.pop("_Booster", None) if wrapped else value
        if booster is None:
            raise UnsuitableError("the model is not fitted")
        state = booster.__getstate__()
        text = state.pop("_handle", None)
        if not isinstance(text, str):
            raise UnsuitableError("this version of LightGBM keeps its text elsewhere")
        if wrapped:
            _write_attributes(value, attributes, folder, booster=encode(state, "booster_"))
        else:
            _write_attributes(value, state, folder)
        (folder / "model.txt").write_text(text, encoding="utf-8", newline="")
        return {}


class CatBoost:
    """CatBoost's binary format, without the moment and the random number of its training."""

    name = "catboost"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_own(value, "catboost") and is_a(value, "catboost", "CatBoost")

    def embeds(self, value: object) -> bool:  # noqa: ARG002 - its pickle holds the same bytes
        return False

    def needs(self, value: Any) -> Needs:  # noqa: ARG002 - the same for all of them
        return Needs(modules=("catboost",))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        state = value.__getstate__()
        model = state.pop("__model", None)
        if not isinstance(model, bytes):
            raise UnsuitableError("the model is not fitted")
        kind: Any = type(value)
        twin = kind.__new__(kind)
        twin.__setstate__({**state, "__model": model})
        metadata = twin.get_metadata()
        for name in {"train_finish_time", "model_guid"} & set(metadata.keys()):
            del metadata[name]
        _write_attributes(value, state, folder)
        twin.save_model(str(folder / "model.cbm"), format="cbm")
        return {}


def _write_attributes(value: object, attributes: dict[str, Any], folder: Path, **more: Any) -> None:
    kind = type(value)
    document = {"class": f"{kind.__module__}:{kind.__qualname__}", "attributes": encode(attributes), **more}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / ATTRIBUTES).write_text(text, encoding="utf-8", newline="")
