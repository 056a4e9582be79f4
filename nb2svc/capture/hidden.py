"""What code has otherwise in the service as it stands elsewhere: names that it does not write, its module, its text."""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import lru_cache

from .expressions import called_name
from .syntax import REMEMBERED, nodes_of

_BLIND = "write the names that it needs into the code"
_ANSWERED = "let nothing that is answered depend on it"
_MODULE = "__module__ of the notebook's own is 'service.notebook' in the service"
_FRAMES = "frames and the globals of functions are those of service/notebook.py in the service"
#: Names that every module has of its own.
_NAMES = {
    "__name__": ("__name__ is 'service.notebook' in the service", _ANSWERED),
    "__file__": ("__file__ is service/notebook.py in the service, and nothing in a notebook", _BLIND),
    "__doc__": ("__doc__ of the module is another text in the service", _BLIND),
} | {
    name: (f"{name} is that of service/notebook.py in the service", _BLIND)
    for name in ("__annotations__", "__builtins__", "__package__", "__spec__")
}
_ATTRIBUTES = {
    "__module__": (_MODULE, _ANSWERED),
    "__subclasses__": (
        "__subclasses__() finds in the service only the classes that captured code names",
        "keep the classes in a list or dict",
    ),
    "__code__": ("__code__ has other lines and another file in the service", _ANSWERED),
    "cache_info": ("cache_info() counts anew in the service", _ANSWERED),
} | dict.fromkeys(("__globals__", "_getframe", "currentframe", "f_globals", "f_locals"), (_FRAMES, _BLIND))
_SOURCES = frozenset({"getsource", "getsourcefile", "getsourcelines"})
_FRONT_ENDS = ("IPython", "ipykernel", "google.colab")


@lru_cache(maxsize=REMEMBERED)
def hidden_names(source: str) -> tuple[tuple[str, str], ...]:
    """(what, next step) of each way in which code reaches names that it does not write, or has otherwise."""
    nodes = nodes_of(source)
    called = [node for node in nodes if isinstance(node, ast.Call) and called_name(node) == "getLogger"]
    loggers = {id(one) for node in called for one in node.args}
    return tuple(dict(told for node in nodes if id(node) not in loggers and (told := _told(node))).items())


def _told(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Name):
        return _NAMES.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        return _ATTRIBUTES.get(node.attr)
    if isinstance(node, ast.FunctionDef) and node.name == "__del__":
        return "__del__ runs at other times in the service, or never", _ANSWERED
    if isinstance(node, ast.Constant) and node.value == "__main__":
        return "__main__ is the server in the service", _BLIND
    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant) and node.left.value in _FRONT_ENDS:
        return f"{node.left.value} is not there in the service", _ANSWERED
    return _called(node) if isinstance(node, ast.Call) else None


def _called(node: ast.Call) -> tuple[str, str] | None:
    name = called_name(node)
    if isinstance(node.func, ast.Name) and _is_blind(name, node.args):
        return f"{name}() reaches names that capture cannot see", _BLIND
    if name in _SOURCES:
        return f"{name}() finds what was written for the service, in another layout", _ANSWERED
    if name == "getattr" and any(isinstance(one, ast.Constant) and one.value == "__module__" for one in node.args):
        return _MODULE, _ANSWERED
    return None


def _is_blind(name: str, arguments: Collection[ast.expr]) -> bool:
    return name in {"eval", "exec", "globals"} or (name in {"dir", "vars"} and not arguments)
