"""Freeze: the distributions that a service needs, exactly as in the kernel.

``roots`` (what the closure names, and why) → ``closure`` (what those require) → ``resolve`` (uv: hashes for the
target) → ``lock``. :func:`freeze` is the stage; it runs inside the kernel's interpreter.
"""

from .lock import freeze, keep_sought, known_sought, lacks
from .owners import Owners, installed_owners

__all__ = ["Owners", "freeze", "installed_owners", "keep_sought", "known_sought", "lacks"]
