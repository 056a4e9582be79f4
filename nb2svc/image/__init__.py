"""The OCI image of a project: build, push, list, inspect."""

from __future__ import annotations

from .contents import extract
from .docker import build
from .images import inspect, list_images
from .push import push

__all__ = ["build", "extract", "inspect", "list_images", "push"]
