"""nb2svc: from a live notebook to a container that answers exactly as the notebook did.

``%load_ext nb2svc`` in a notebook gives the magics; ``nb2svc.service`` is that kernel's service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .session import Service

    service: Service

__version__ = "0.1.0"
__all__ = ["__version__", "load_ipython_extension", "service", "unload_ipython_extension"]

_sessions: dict[int, Service] = {}  # by shell: an embedded shell has a service of its own


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext nb2svc`` calls."""
    from .session import Service

    if id(shell) not in _sessions:
        _sessions[id(shell)] = Service(shell)
        _sessions[id(shell)].attach()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%unload_ext nb2svc`` calls."""
    session = _sessions.pop(id(shell), None)
    if session is not None:
        session.detach()


def __getattr__(name: str) -> Any:
    if name != "service":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from IPython import get_ipython

    from .errors import UsageError

    session = _sessions.get(id(get_ipython()))
    if session is None:
        raise UsageError("nb2svc is not loaded in this kernel", hint="run %load_ext nb2svc first")
    return session
