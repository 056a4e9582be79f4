"""Which format a live object is written in, chosen by what it is, without importing any framework.

Adapters of other distributions come first; they register under the entry point group ``nb2svc.adapters``.
"""

from __future__ import annotations

import functools
import warnings
import weakref
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from .adapter import Adapter, Needs, UnsuitableError

if TYPE_CHECKING:
    from ..objects import References

__all__ = ["Adapter", "Needs", "UnsuitableError", "adapter_of", "choices", "enters", "named"]

GROUP = "nb2svc.adapters"
PICKLES = ("joblib", "pickle")  # what everything else is written in

_NEVER = frozenset(
    {type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, type}
)  # quick: they are many
_of_type: weakref.WeakKeyDictionary[type, Adapter | None] = weakref.WeakKeyDictionary()


@functools.cache
def adapters() -> tuple[Adapter, ...]:
    """All adapters, in the order in which they are asked."""
    from .boosting import CatBoost, LightGBM, XGBoost
    from .keras import Keras
    from .onnx import Onnx, OnnxRuntime
    from .skops import Skops
    from .spacy import Spacy
    from .statsmodels import Statsmodels
    from .torch import Torch, TorchExport, TorchScript
    from .transformers import Transformers

    # Keras models and those of transformers may be modules of PyTorch, too: they come before it.
    own = (XGBoost, LightGBM, CatBoost, Onnx, OnnxRuntime, Keras, Transformers, TorchScript, TorchExport, Torch)
    return (*_registered(), *(kind() for kind in (*own, Spacy, Statsmodels, Skops)))


def _registered() -> tuple[Adapter, ...]:
    """Those of other distributions, by name. One that cannot be used is named in a warning, and left out."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            found.append(_checked(point.load()))
        except Exception as error:  # noqa: BLE001, PERF203 - somebody else's code
            told = f"the adapter {point.name} ({point.value}) is left out: {type(error).__name__}: {error}"
            warnings.warn(told, RuntimeWarning, stacklevel=2)
    return tuple(found)


def _checked(loaded: Any) -> Adapter:
    adapter = loaded() if isinstance(loaded, type) else loaded
    if not isinstance(adapter, Adapter):
        raise TypeError("it is no nb2svc.capture.formats.Adapter")
    return adapter


def named(name: str) -> Adapter | None:
    """The adapter of ``--format NAME``."""
    return next((adapter for adapter in adapters() if adapter.name == name), None)


def choices() -> tuple[str, ...]:
    """What ``--format`` takes."""
    return ("auto", *PICKLES, "native", *dict.fromkeys(adapter.name for adapter in adapters()))


def adapter_of(value: object) -> Adapter | None:
    """The adapter that writes the object where nobody says otherwise."""
    kind = type(value)
    if kind in _NEVER:
        return None
    if kind not in _of_type:
        _of_type[kind] = next((one for one in adapters() if one.automatic and one.claims(value)), None)
    return _of_type[kind]


def enters(value: object, found: References) -> bool:
    """Note what a pickle that comes to ``value`` needs for it; whether it may go on into it.

    False for what its adapter writes, also inside other objects.
    """
    adapter = adapter_of(value)
    if adapter is None:
        return True
    needs = adapter.needs(value)
    found.modules.update({*needs.modules, adapter.loader.partition(":")[0]} - {""})
    found.environment.update(needs.environment)
    for part in needs.parts:
        found.notebook[id(part)] = part
    if not adapter.embeds(value):
        return True
    found.embedded = True
    return False
