"""Why the service needs a module: which definitions import it, which artifacts unpickle with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nb2svc.values import Artifact, Closure, Definition, ServiceSpec, Where

NAMED = 3  # definitions named in one reason; the rest are counted


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a module is needed. ``users``: names of definitions and files that import it; ``text``: anything else."""

    users: tuple[str, ...] = ()
    text: str = ""
    where: Where = field(default_factory=Where)


def module_reasons(spec: ServiceSpec) -> dict[str, tuple[Reason, ...]]:
    """Every module that code or artifacts of ``spec`` need, with the reasons for it; sorted by module."""
    uses = tuple(_uses(spec.closure))
    artifacts = _artifacts(spec)
    modules = {*spec.closure.modules, *(module for one in artifacts for module in (*one.modules, *one.fetched_by))}
    helpers = {helper.name for helper in spec.closure.helpers}
    found: dict[str, tuple[Reason, ...]] = {}
    for module in sorted(modules):
        if not helpers.isdisjoint(_and_above(module)):
            continue  # copied into the project; other parts of a namespace package may be of a distribution
        reasons = [Reason((user,), where=where) for user, imported, where in uses if _related(module, imported)]
        reasons += [Reason(text=f"needed by {one.path}") for one in artifacts if module in one.modules]
        reasons += [Reason(text=f"fetches {one.path}") for one in artifacts if module in one.fetched_by]
        found[module] = tuple(reasons) or (Reason(text="imported by the notebook's code"),)
    return found


def _and_above(module: str) -> Iterator[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def sentence(reasons: Iterable[Reason], *, cells: bool = False) -> str:
    """One line: ``imported by predict, score; needed by models/model.joblib``.

    ``cells`` puts the cell before each name: ``imported by cell [3] › predict``.
    """
    reasons = tuple(reasons)
    named = [(user, reason.where.cell if cells else None) for reason in reasons for user in reason.users]
    users = [str(Where(cell=cell, name=user)) for user, cell in dict.fromkeys(named)]
    texts = list(dict.fromkeys(reason.text for reason in reasons if reason.text))
    more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
    return "; ".join([f"imported by {', '.join(users[:NAMED])}{more}"] * bool(users) + texts)


def _artifacts(spec: ServiceSpec) -> tuple[Artifact, ...]:
    models = tuple(model.artifact for model in spec.models)
    return (*models, *(objects.artifact for objects in spec.closure.objects))


def _uses(closure: Closure) -> Iterator[tuple[str, str, Where]]:
    """(user, module it imports, where), in the order of ``service/notebook.py``, helper modules last."""
    bound = [pair for statement in closure.imports for pair in _bindings(_parse(statement))]
    for definition in closure.definitions:
        tree = _parse(definition.source)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | _quoted_names(tree)
        modules = [module for name, module in bound if name in names] + [module for _, module in _bindings(tree)]
        yield from ((definition.name, module, definition.where) for module in dict.fromkeys(modules))
    for helper in closure.helpers:
        tree = _parse(helper.source)
        yield from ((helper.path, module, helper.where) for _, module in _bindings(tree))


def _bindings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name bound, module it comes from) of every import statement in a tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name.partition(".")[0], alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((alias.asname or alias.name, node.module) for alias in node.names)


def _quoted_names(tree: ast.AST) -> set[str]:
    """The names in string annotations, such as ``"list[pd.DataFrame]"``."""
    annotations = [
        annotation
        for node in ast.walk(tree)
        for name in ("annotation", "returns")
        if (annotation := getattr(node, name, None)) is not None
    ]
    inside = (node for annotation in annotations for node in ast.walk(annotation))
    texts = (node.value for node in inside if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {name for text in texts for name in re.findall(r"[^\W\d]\w*", text)}


def _parse(source: str | bytes) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])  # capture refuses it; here it only costs a reason


def _related(module: str, imported: str) -> bool:
    return module == imported or module.startswith(f"{imported}.") or imported.startswith(f"{module}.")


# --- what the runtime needs for some services only -----------------------------------------------


def reads_forms(spec: ServiceSpec) -> bool:
    """Whether a handler reads form fields or uploads, for which FastAPI needs python-multipart.

    An example that sends a form shows it, and so does code that imports FastAPI or Starlette and names ``Form``,
    ``File`` or ``UploadFile``, or calls ``request.form()``; and a parameter that is one of Pillow's images.
    """
    if any("form" in example.request or "files" in example.request for example in spec.examples):
        return True
    web = {"fastapi", "starlette"} & {module.partition(".")[0] for module in spec.closure.modules}
    return (bool(web) and any(map(_names_forms, spec.closure.definitions))) or _takes_images(spec.closure)


def _takes_images(closure: Closure) -> bool:
    bound = [pair for statement in closure.imports for pair in _bindings(_parse(statement))]
    of_pillow = {name for name, module in bound if module.partition(".")[0] == "PIL"}
    parameters = [
        node
        for definition in closure.definitions
        for node in ast.walk(_parse(definition.source))
        if isinstance(node, ast.arg) and node.annotation
    ]
    names = {node.id for each in parameters for node in ast.walk(each) if isinstance(node, ast.Name)}
    return bool(of_pillow & names.union(*map(_quoted_names, parameters)))


def _names_forms(definition: Definition) -> bool:
    forms = {"Form", "File", "UploadFile"}
    for node in ast.walk(tree := _parse(definition.source)):
        if isinstance(node, ast.Name) and node.id in forms:
            return True
        if isinstance(node, ast.Attribute) and node.attr in forms:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "form":
            return True
    return bool(_quoted_names(tree) & forms)


def has_joblib(spec: ServiceSpec) -> bool:
    """Whether an artifact is a joblib file."""
    return any(artifact.format == "joblib" for artifact in _artifacts(spec))
