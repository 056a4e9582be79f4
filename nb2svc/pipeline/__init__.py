"""The stages in order. The magics, the shell and later the panel call these; nothing else puts stages together.

``Captured → Lock → Plan → Project → Image → RunningService → Report``
"""

from .building import build, images, inspect, installed_sizes, push
from .exporting import compare, export
from .services import doctor, follow, logs, run, running, stop
from .testing import test

__all__ = [
    "build",
    "compare",
    "doctor",
    "export",
    "follow",
    "images",
    "inspect",
    "installed_sizes",
    "logs",
    "push",
    "run",
    "running",
    "stop",
    "test",
]
