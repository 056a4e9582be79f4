"""statsmodels: its own pickle, read where the names of its formula mean what they meant in the notebook.

Results of a formula (``y ~ np.log(x) + half(z)``) evaluate it again when they are unpickled, and later on new data,
with the names of whoever unpickles them. In a service those would be others than in the notebook, or none.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..pickling import dump_pickle
from .adapter import Needs, UnsuitableError, is_own, of_notebook
from .plain import encode


class Statsmodels:
    """Fitted results; those without a formula are ordinary pickles."""

    name = "statsmodels"
    automatic = True
    loader = ""

    def claims(self, value: object) -> bool:
        return is_own(value, "statsmodels") and any("Results" in base.__name__ for base in type(value).__mro__)

    def embeds(self, value: object) -> bool:
        return bool(_formula_names(value))

    def needs(self, value: Any) -> Needs:
        names = _formula_names(value).values()
        modules = {str(one.__name__ if isinstance(one, ModuleType) else _module(one)) for one in names}
        own = {type(value).__module__, "statsmodels", "pandas"}
        return Needs(modules=tuple(sorted(own | modules - {"", "__main__", "builtins"})), parts=of_notebook(names))

    def dump(self, value: Any, folder: Path) -> Mapping[str, Any]:
        names = {name: _reference(name, one) for name, one in sorted(_formula_names(value).items())}
        with (folder / "model.pkl").open("wb") as file:
            dump_pickle(value, file, lambda _: None, lambda _: True, "in order")
        return {"names": names}


def _formula_names(results: Any) -> dict[str, Any]:
    """What the names of its formula stand for, where it has one; columns of the data and patsy's own apart."""
    found: dict[str, Any] = {}
    data = getattr(getattr(results, "model", None), "data", None)
    design = getattr(data, "model_spec", None) or getattr(data, "design_info", None)  # before statsmodels 0.15
    columns = set(getattr(getattr(data, "frame", None), "columns", ()))
    for factor, info in getattr(design, "factor_infos", {}).items():
        environment = info.state.get("eval_env") if isinstance(info.state, dict) else None
        for name in _names_in(getattr(factor, "code", "")) - columns:
            if environment is not None and name in environment.namespace:
                found[name] = environment.namespace[name]
    return {name: one for name, one in found.items() if not _module(one).startswith("patsy")}


def _names_in(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _module(one: object) -> str:
    return str(getattr(one, "__module__", None) or "")


def _reference(name: str, one: Any) -> dict[str, Any]:
    """How the loader finds it again: by import, or as the value that it is."""
    if isinstance(one, ModuleType):
        return {"module": one.__name__}
    if callable(one) and hasattr(one, "__qualname__"):
        return {"member": f"{_module(one)}:{one.__qualname__}"}
    try:
        return {"value": encode(one, name)}
    except UnsuitableError as error:
        hint = "neither a module, a function nor a plain value"
        raise UnsuitableError(f"its formula uses {name}, which is {hint}") from error
