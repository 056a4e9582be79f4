"""The cell log: every execution of every cell, and which statement gave each name its value.

Notebooks run out of order; cells are edited, run again and deleted. So nothing is ever replayed from the
notebook's file. The log remembers what was really executed, and finds a live object's source through the code
file name that IPython gave its cell, or through the statement that bound it.
"""

from __future__ import annotations

import ast
import linecache
import re
import weakref
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..fingerprint import POSTPONED
from ..values import CapturedCell, Where
from . import executed
from .marks import MARKER, mark_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

# Magics whose cell body is ordinary Python that binds names in the notebook.
TRANSPARENT_MAGICS = ("%%time", "%%capture", "%%timeit", "%%prun")


_TIMED = re.compile(r"""^(\s*)get_ipython\(\)\.run_line_magic\('time', ((?:'[^\n]*')|(?:"[^\n]*"))\)$""", re.MULTILINE)


@dataclass
class LoggedCell:
    """A captured cell with its syntax tree and the objects that its statements bound."""

    cell: CapturedCell
    bound: dict[str, weakref.ref[Any] | int] = field(default_factory=dict)  # name → its object after the run
    unreached: set[str] = field(default_factory=set)  # names whose statements did not run: bound as before
    postponed: bool = False  # it was compiled with annotations as texts: see ``postpones``

    @cached_property
    def code(self) -> str:
        """The Python of the cell, line for line as the user sees it."""
        first, _, rest = self.cell.raw.partition("\n")
        if first.lstrip().startswith(TRANSPARENT_MAGICS):
            return "\n" + _body(rest)
        return _without_marker(self.cell.code)

    @cached_property
    def tree(self) -> ast.Module:
        try:
            return ast.parse(self.code)
        except SyntaxError:  # a cell of another language, or one that never ran
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def lines(self) -> list[str]:
        return self.code.splitlines()

    @cached_property
    def binders(self) -> dict[str, list[ast.stmt]]:
        """The statements that bind each name, in their order."""
        walruses = ":=" in self.code
        binders: dict[str, list[ast.stmt]] = {}
        for node in statements(self.tree.body):
            for name in _targets(node) | (_walruses(node) if walruses else set()):
                binders.setdefault(name, []).append(node)
        return binders

    @cached_property
    def attributes_set(self) -> list[tuple[str, str, int]]:
        """(name, attribute, line) of each ``name.attribute = …`` and ``setattr(name, "attribute", …)``."""
        return [(*found, node.lineno) for node in statements(self.tree.body) for found in _attributes_set(node)]

    @cached_property
    def annotations_import(self) -> tuple[int, int] | None:
        """Where ``from __future__ import annotations`` stands in it."""
        found = ((node.lineno, node.col_offset) for node in self.tree.body if _imports_annotations(node))
        return next(found, None)

    def postpones(self, node: ast.stmt | ast.expr) -> bool:
        """Whether annotations in ``node`` are texts: ``from __future__ import annotations`` holds for what follows it
        in the cell, and in every later cell.
        """
        above = self.annotations_import
        return self.postponed or (above is not None and above < (node.lineno, node.col_offset))

    def look_at(self, namespace: Mapping[str, Any]) -> None:
        """Note which objects the names that this cell binds have now."""
        self.bound = {
            name: _keep(namespace[name]) for name in self.binders.keys() - self.unreached if name in namespace
        }

    def holds(self, name: str, value: object) -> bool:
        """Whether this cell bound ``name`` to just this object."""
        if name not in self.bound:
            return False
        kept = self.bound[name]
        return kept() is value if isinstance(kept, weakref.ref) else kept == id(value)


def _attributes_set(node: ast.stmt) -> Iterator[tuple[str, str]]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        for one in ast.walk(target) if target is not None else ():  # ``A.x, A.y = 1, 2``
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and isinstance(one.ctx, ast.Store):
                yield one.value.id, one.attr
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and ast.unparse(call.func) == "setattr" and len(call.args) > 1:
        owner, name = call.args[:2]
        if isinstance(owner, ast.Name) and isinstance(name, ast.Constant):
            yield owner.id, str(name.value)


def _imports_annotations(node: ast.stmt) -> bool:
    is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    return is_future and any(alias.name == "annotations" for alias in node.names)  # type: ignore[attr-defined]


def _body(raw: str) -> str:
    """The Python below a cell magic, another magic on its first line included."""
    from IPython.core.inputtransformer2 import TransformerManager

    first, _, rest = raw.partition("\n")
    if first.startswith(TRANSPARENT_MAGICS):
        return "\n" + _body(rest)
    marked = "".join(mark_line(raw.splitlines(keepends=True)))
    return _without_marker(TransformerManager().transform_cell(marked))


def _without_marker(code: str) -> str:
    """The marker stands on the line of our own magic."""
    first, _, rest = code.partition("\n")
    return _TIMED.sub(_timed, "\n" + rest if first.startswith(MARKER) else code)


def _timed(line: re.Match[str]) -> str:
    """The statement behind ``%time``, which runs in the notebook as any other."""
    return line[1] + str(ast.literal_eval(line[2]))


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at a cell's top level, those inside ``if``, ``try``, ``with`` and loops included."""
    for node in body:
        yield node
        for block in ("body", "orelse", "finalbody"):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from statements(getattr(node, block, []))
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body)
        for case in getattr(node, "cases", []):
            yield from statements(case.body)


def bound_names(node: ast.stmt) -> set[str]:
    """Names that one top-level statement binds."""
    return _targets(node) | _walruses(node)


def _targets(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        targets = [node.target]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in node.items if item.optional_vars]
    inside = (inner for target in targets for inner in ast.walk(target))  # ``a.b = 1`` and ``a[0] = 1`` bind nothing
    return {inner.id for inner in inside if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}


def _walruses(node: ast.stmt) -> set[str]:
    walked = ast.walk(node) if _is_simple(node) else ()
    return {inner.target.id for inner in walked if isinstance(inner, ast.NamedExpr)}


def _is_simple(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign))


@dataclass(frozen=True)
class Binding:
    """The newest statement that bound a name."""

    logged: LoggedCell
    node: ast.stmt


class CellLog:
    """Keeps every executed cell of one kernel. Attach it once to an IPython shell."""

    def __init__(self) -> None:
        self.cells: list[LoggedCell] = []
        self.notebook = ""
        self.deleted: set[str] = set()  # ids of cells that the front end says are gone
        self._before_run: dict[str, int] = {}  # name → the object that it had when the running cell began
        self._running: list[tuple[LoggedCell, InteractiveShell]] = []
        self._shell: InteractiveShell | None = None
        # So that no search goes through all cells:
        self._by_filename: dict[str, LoggedCell] = {}  # the newest
        self._by_name: dict[str, list[int]] = {}  # positions in ``cells``
        self._positions: dict[int, int] = {}  # by the id of the captured cell
        self._attributes: list[tuple[str, str, tuple[int, int]]] = []

    # --- recording ----------------------------------------------------------------------------

    def attach(self, shell: InteractiveShell) -> None:
        """Start to record, and take in what ran before."""
        self._shell = shell
        self._back_fill(shell)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def detach(self) -> None:
        if self._shell is not None:
            self._shell.events.unregister("pre_run_cell", self._before)
            self._shell.events.unregister("post_run_cell", self._after)
            self._shell = None

    def _back_fill(self, shell: InteractiveShell) -> None:
        history = shell.history_manager
        if history is None:
            return
        pairs = zip(history.input_hist_raw, history.input_hist_parsed, strict=False)
        postponed = False
        for number, (raw, code) in enumerate(pairs):
            if number and code.strip():  # entry 0 is always empty
                filename = _filename_then(shell, raw, code, number)
                for file, text in executed.scripts_of(raw, shell.user_ns):
                    script = CapturedCell(number=number, raw=text, code=text, filename=file)
                    self._append(LoggedCell(script), shell.user_ns)
                cell = CapturedCell(number=number, raw=raw, code=code, filename=filename)
                logged = LoggedCell(cell, postponed=postponed)
                postponed = postponed or logged.annotations_import is not None
                self._append(logged, shell.user_ns)

    def _before(self, info: ExecutionInfo) -> None:
        shell = self._shell
        if shell is None:
            return
        raw = info.raw_cell or ""
        code = getattr(info, "transformed_cell", None) or shell.transform_cell(raw)
        number: int = shell.displayhook.prompt_count  # of this cell, before and since IPython counts it first
        cell = CapturedCell(
            number=number,
            raw=raw,
            code=code,
            filename=_filename(shell, raw, code, number),
            cell_id=getattr(info, "cell_id", None),
        )
        logged = LoggedCell(cell, postponed=bool(shell.compile.flags & POSTPONED))
        self._before_run = {name: id(shell.user_ns[name]) for name in logged.binders if name in shell.user_ns}
        self._running.append((logged, shell))
        self.deleted |= set(_metadata(info, shell).get("deletedCells", ()))
        self.deleted.discard(cell.cell_id or "")

    def _after(self, result: ExecutionResult) -> None:
        if self._running:
            logged, shell = self._running.pop()
            same = {name for name, was in self._before_run.items() if id(shell.user_ns.get(name)) == was}
            if result.success:  # a statement in a branch that was not taken
                same = {name for name in same if isinstance(shell.user_ns.get(name), (FunctionType, type))}
            logged.unreached = same
            for file, text in executed.take_scripts():  # %run: what a script binds, it binds in the notebook
                script = CapturedCell(number=logged.cell.number, raw=text, code=text, filename=file)
                self._append(LoggedCell(script), shell.user_ns)
            self._append(logged, shell.user_ns)

    def _append(self, logged: LoggedCell, namespace: dict[str, Any]) -> None:
        logged.look_at(namespace)
        self.cells.append(logged)
        self._by_filename[logged.cell.filename] = logged
        self._positions[id(logged.cell)] = len(self.cells) - 1
        self._attributes += _placed(logged)
        for name in logged.binders:
            self._by_name.setdefault(name, []).append(len(self.cells) - 1)

    # --- looking up ---------------------------------------------------------------------------

    @property
    def current(self) -> LoggedCell | None:
        """The cell that is running now, its names as they are at this moment."""
        if not self._running:
            return None
        logged, shell = self._running[-1]
        logged.look_at(shell.user_ns)
        return logged

    def newest_first(self) -> Iterator[LoggedCell]:
        """All executions, the one that is running now included, newest first."""
        if current := self.current:
            yield current
        yield from reversed(self.cells)

    def by_filename(self, filename: str) -> LoggedCell | None:
        """The newest cell whose code has this ``co_filename``."""
        current = self.current
        if current is not None and current.cell.filename == filename:
            return current
        return self._by_filename.get(filename)

    def binding(self, name: str, value: object) -> Binding | None:
        """The newest statement that gave ``name`` this very object; None where none is known to have."""
        for logged in self.binding_cells(name):
            if logged.holds(name, value):
                return Binding(logged, logged.binders[name][-1])
        return None

    def imports(self, name: str) -> Iterator[ast.Import | ast.ImportFrom]:
        """Every import statement that ran at top level and binds ``name``, or may (``import *``), newest first."""
        for logged in self.binding_cells(name, "*"):
            nodes = {id(node): node for one in (name, "*") for node in logged.binders.get(one, ())}
            for node in sorted(nodes.values(), key=lambda node: (node.lineno, node.col_offset), reverse=True):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield node

    def binding_cells(self, *names: str, and_: CapturedCell | None = None) -> Iterator[LoggedCell]:
        """The cells that bind one of ``names``, newest first, and the cell ``and_`` among them."""
        current = self.current
        if current is not None and (current.cell is and_ or not current.binders.keys().isdisjoint(names)):
            yield current
        positions = {one for name in names for one in self._by_name.get(name, ())}
        if id(and_) in self._positions:
            positions.add(self._positions[id(and_)])
        for position in sorted(positions, reverse=True):
            yield self.cells[position]

    def attributes_set(self, value: object, namespace: Mapping[str, Any]) -> dict[str, tuple[tuple[int, int], ...]]:
        """The attributes that statements of cells gave to what is ``value`` in ``namespace``, with those statements'
        cells and lines.
        """
        current = self.current
        found: dict[str, tuple[tuple[int, int], ...]] = {}
        for name, attribute, place in [*self._attributes, *(_placed(current) if current is not None else ())]:
            if namespace.get(name) is value:
                found[attribute] = (*found.get(attribute, ()), place)
        return found

    def where(self, logged: LoggedCell | None = None, name: str = "") -> Where:
        """The place of a cell (the running one by default)."""
        logged = logged or self.current
        return Where(notebook=self.notebook, cell=logged.cell.number if logged else None, name=name)


def _placed(logged: LoggedCell) -> list[tuple[str, str, tuple[int, int]]]:
    return [(name, attribute, (logged.cell.number, line)) for name, attribute, line in logged.attributes_set]


def _metadata(info: ExecutionInfo, shell: InteractiveShell) -> dict[str, Any]:
    """What the front end says beside the code; JupyterLab names the cells deleted since the last run."""
    given = getattr(info, "cell_meta", None)
    kernel = getattr(shell, "kernel", None)
    if given is None and kernel is not None:
        given = kernel.get_parent("shell").get("metadata")
    return given if isinstance(given, dict) else {}


def _number(info: ExecutionInfo, shell: InteractiveShell) -> int:
    """The execution count of the cell about to run. Newer IPythons have counted it by now, older ones have not;
    the history grows only afterwards.
    """
    if info.store_history and shell.history_manager is not None:
        return len(shell.history_manager.input_hist_parsed)
    return shell.execution_count


def _filename(shell: InteractiveShell, raw: str, code: str, number: int) -> str:
    filename: str = shell.compile.get_code_name(raw, code, number)
    return filename


def _filename_then(shell: InteractiveShell, raw: str, code: str, number: int) -> str:
    """The file name of a cell that the history holds, which keeps no newline at the end."""
    names = [_filename(shell, raw + end, code + end, number) for end in ("", "\n")]
    return next((name for name in names if name in linecache.cache), names[0])


def _keep(value: object) -> weakref.ref[Any] | int:
    """Remember an object's identity without keeping it alive: the log must not hold on to big data.

    Lists, dicts and numbers take no weak reference; their ``id`` serves, and who uses the binding of such a
    value compares it with its source once more.
    """
    try:
        return weakref.ref(value)
    except TypeError:
        return id(value)
