"""Serves what a notebook defined: routes, models, health, metrics and logs, on FastAPI.

The names below are all that ``service/main.py`` and ``service/notebook.py`` use. They are loaded at first use, so
that reading a manifest costs no web framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .endpoints import endpoint
    from .loading import load_model, load_object
    from .manifest import Manifest
    from .models import model_routes
    from .settings import Settings

__all__ = ["Manifest", "Settings", "create_app", "endpoint", "load_model", "load_object", "model_routes"]

_MODULES = {
    "Manifest": "manifest",
    "Settings": "settings",
    "create_app": "app",
    "endpoint": "endpoints",
    "load_model": "loading",
    "load_object": "loading",
    "model_routes": "models",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
