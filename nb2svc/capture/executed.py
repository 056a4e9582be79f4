"""The source of each file as it was when it ran: kept then, so that an edit since is noticed.

A kernel runs for days, and the files beside the notebook are edited meanwhile. Python says through an audit event that
a file's code is about to run; its text is read at that moment. Files that ran before nb2svc was loaded are not known.
"""

from __future__ import annotations

import re
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .codes import code_digest, codes_in

Listener = Callable[[tuple[Any, ...]], None]

_ran: dict[str, bytes] = {}  # file name as in its code objects → its text when it last ran
_scripts: list[str] = []  # files that ran otherwise than by an import, since somebody asked
_listeners: dict[str, Listener] = {}  # audit event → who hears of it
_installed = False
_inside = threading.local()
# IPython's reloader runs single functions of a file under the file's name; that is not the file.
_PARTIAL = "deduperreload"


def listen(event: str, listener: Listener) -> None:
    """Let ``listener`` hear of an audit event from now on. It must be quick: every such event of the kernel comes.

    An audit hook cannot be taken out again, so there is one, for as long as the process lives.
    """
    global _installed  # noqa: PLW0603 - one hook a process
    _listeners[event] = listener
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


def record() -> None:
    """Keep the text of every file outside the interpreter's own folders that runs from now on."""
    listen("exec", _keep)


def _hook(
    event: str,
    arguments: tuple[Any, ...],
    # its own: the interpreter's end takes a module's names away, and audits what it does after that
    listeners: dict[str, Listener] = _listeners,
    inside: threading.local = _inside,
) -> None:
    listener = listeners.get(event)
    if listener is None or getattr(inside, "hook", False):  # what a listener does is audited, too
        return
    inside.hook = True
    try:
        listener(arguments)
    except Exception:  # noqa: BLE001, S110 - it would be that of the audited statement
        pass
    finally:
        inside.hook = False


def _keep(arguments: tuple[Any, ...]) -> None:
    code = arguments[0]
    if not isinstance(code, CodeType) or code.co_name != "<module>" or code.co_filename.startswith(LIBRARIES):
        return
    caller = sys._getframe(2).f_code.co_filename  # noqa: SLF001 - who called exec()
    if _PARTIAL in caller:
        return
    try:
        _ran[code.co_filename] = Path(code.co_filename).read_bytes()
    except OSError:  # a cell, or code made from a string
        return
    if not caller.startswith("<frozen importlib"):
        _scripts.append(code.co_filename)


LIBRARIES = (
    "<",
    *{f"{sysconfig.get_path(key).rstrip('/')}/" for key in ("stdlib", "platstdlib", "purelib", "platlib")},
)


def text_of(module: ModuleType) -> bytes | None:
    """The source of a loaded module as its file has it now; None where it has none (native code, namespaces)."""
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py"):
        return None
    path = Path(file)
    if path.is_file():
        return path.read_bytes()
    loader = getattr(module, "__loader__", None)  # inside an archive, say
    try:
        text = loader.get_source(module.__name__) if loader is not None else None
    except (AttributeError, ImportError, OSError):
        return None
    return None if text is None else text.encode()


def take_scripts() -> list[tuple[str, str]]:
    """(file, text) of what ran as a script (``%run clean.py``) since the last time, in its order."""
    found = [(file, decode_source(_ran[file])) for file in _scripts]
    _scripts.clear()
    return found


def scripts_of(cell: str, namespace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(file, text) of the scripts that a cell's ``%run`` lines name, where the text gives the code that they left in
    ``namespace``: for cells that ran before anything was kept.
    """
    for match in _RUN.finditer(cell):
        path = Path(match[1].strip("'\"")).expanduser().absolute()
        path = path if path.suffix else path.with_suffix(".py")
        if not path.is_file():
            continue
        text = path.read_bytes()
        left = [one.__code__ for one in list(namespace.values()) if isinstance(one, FunctionType)]
        try:
            known = {code_digest(one) for one in codes_in(compile(text, str(path), "exec", dont_inherit=True))}
        except (SyntaxError, ValueError):
            continue
        if all(code_digest(code) in known for code in left if code.co_filename == str(path)):
            yield str(path), decode_source(text)


_RUN = re.compile(r"^[ \t]*%run[ \t]+(?:-\w+[ \t]+)*([^\s-]\S*)", re.MULTILINE)


def text_when_run(file: str) -> bytes | None:
    """The text that a file had when it last ran; None where that is not known."""
    return _ran.get(file)
