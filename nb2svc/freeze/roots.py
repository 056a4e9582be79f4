"""The distributions that a service needs by itself, each with the reason; everything else they require."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from nb2svc.errors import FreezeError
from nb2svc.values import WEBSOCKET, Problem, ServiceSpec, Where

from .conda import package_of
from .installed import Installed
from .libraries import PREFIX
from .modules import Location, locate
from .owners import Owners
from .reasons import Reason, has_joblib, module_reasons, reads_forms, sentence
from .target import Target

NB2SVC = "nb2svc"


@dataclass(frozen=True, slots=True)
class Root:
    """A distribution that the service asks for by itself."""

    installed: Installed
    why: str
    extras: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # of it that code or artifacts name
    why_by_cell: str = ""  # ``why`` with the cells, which change with each run of the notebook

    @property
    def requirement(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.installed.name}{extras}"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One thing that asks for a distribution."""

    installed: Installed
    reason: Reason
    extras: frozenset[str] = frozenset()
    module: str = ""


def find_roots(
    spec: ServiceSpec, owners: Owners, target: Target, further: Mapping[str, str] | None = None
) -> tuple[Root, ...]:
    """The roots of ``spec``, sorted by name, with ``further`` ones (name → why).

    Raises FreezeError with all that has no distribution, at once.
    """
    problems: list[Problem] = []
    wanted = [
        *_by_modules(spec, owners, problems),
        *_by_runtime(spec, owners, problems),
        *_by_request(spec, owners, target, problems),
        *(_Wanted(one, Reason(text=why)) for name, why in (further or {}).items() if (one := owners.named(name))),
    ]
    if problems:
        raise FreezeError("the service needs what no installed distribution provides", problems=problems)
    names = sorted({one.installed.name for one in wanted})
    return tuple(_root([one for one in wanted if one.installed.name == name]) for name in names)


def _root(wanted: list[_Wanted]) -> Root:
    return Root(
        installed=wanted[0].installed,
        why=sentence(one.reason for one in wanted),
        why_by_cell=sentence((one.reason for one in wanted), cells=True),
        extras=tuple(sorted(frozenset().union(*(one.extras for one in wanted)))),
        modules=tuple(sorted({one.module for one in wanted if one.module})),
    )


def _by_modules(spec: ServiceSpec, owners: Owners, problems: list[Problem]) -> Iterable[_Wanted]:
    reasons = module_reasons(spec)
    helpers = [helper.name for helper in spec.closure.helpers]
    for module, why in reasons.items():
        location = locate(module)
        found = owners.of_location(location)
        where = _where(spec, module, why)
        if module.partition(".")[0] == NB2SVC or any(one.name == NB2SVC for one in found):
            problems.append(_needs_nb2svc(module, where))
        elif found:
            yield from (_Wanted(one, reason, module=module) for one in found for reason in why)
        elif not location.interpreter and not _named_below(module, location, reasons, helpers):
            problems.append(_unowned(module, location, why, where))


def _named_below(module: str, location: Location, modules: Iterable[str], helpers: Iterable[str]) -> bool:
    """A namespace package has no distribution of its own; what the closure names inside it has, or is copied."""
    named = [*modules, *helpers] if location.folders else helpers
    return any(other.startswith(f"{module}.") for other in named)


def _by_runtime(spec: ServiceSpec, owners: Owners, problems: list[Problem]) -> Iterable[_Wanted]:
    from nb2svc.runtime.manifest import OPTIONAL_DISTRIBUTIONS, RUNTIME_DISTRIBUTIONS

    framed = any(model.frame for model in spec.models)
    asked = {
        "greenlet": any(model.batched for model in spec.models),
        "joblib": has_joblib(spec),
        "pandas": framed,
        "python-multipart": reads_forms(spec),
        "websockets": any(endpoint.method == WEBSOCKET for endpoint in spec.endpoints),
    }
    asked |= {name: owners.named(name) is not None for name in ("httptools", "uvloop")}  # Windows has no uvloop
    optional = {name: reason for name, reason in OPTIONAL_DISTRIBUTIONS.items() if asked[name]}
    for name, reason in {**RUNTIME_DISTRIBUTIONS, **optional}.items():
        installed = owners.named(canonicalize_name(name))
        if installed is None:
            hint = f"%pip install {name} in the notebook, then export again"
            message = f"the service runs with {name}, which this kernel does not have"
            problems.append(Problem(message=message, hint=hint, where=Where(notebook=spec.notebook)))
        else:
            yield _Wanted(installed, Reason(text=reason))


def _by_request(spec: ServiceSpec, owners: Owners, target: Target, problems: list[Problem]) -> Iterable[_Wanted]:
    for text in spec.requires:
        if text.startswith(PREFIX):
            continue  # a package of the system
        where = Where(notebook=spec.notebook, name=f"%nb2svc require {text}")
        try:
            asked = Requirement(text)
        except InvalidRequirement:
            hint = "write a distribution's name, as in: %nb2svc require scikit-learn"
            problems.append(Problem(message=f"{text!r} is no requirement", hint=hint, where=where))
            continue
        if asked.marker and not asked.marker.evaluate(target.environment):
            continue
        installed = owners.named(canonicalize_name(asked.name))
        if problem := _refusal(asked, installed, owners, where):
            problems.append(problem)
        elif installed:
            yield _Wanted(installed, Reason(text="asked for by %nb2svc require"), frozenset(asked.extras))


# --- what to say --------------------------------------------------------------------------------


def _refusal(asked: Requirement, installed: Installed | None, owners: Owners, where: Where) -> Problem | None:
    if canonicalize_name(asked.name) == NB2SVC:
        return _needs_nb2svc(asked.name, where)
    if installed is None:
        return _not_installed(asked.name, owners, where)
    if asked.url:
        message = f"{asked.name} is asked for by an address; a service takes it as the kernel has it"
        return Problem(message=message, hint=f"%nb2svc require {asked.name}", where=where)
    if not asked.specifier.contains(installed.version, prereleases=True):
        message = f"{asked.name} {asked.specifier} is asked for, the kernel has {asked.name} {installed.version}"
        hint = f'%pip install "{asked.name}{asked.specifier}", restart the kernel, run the notebook and export again'
        return Problem(message=message, hint=hint, where=where)
    return None


def _not_installed(name: str, owners: Owners, where: Where) -> Problem:
    providers = [one.name for one in owners.of_module(name)] if name.isidentifier() else []
    if providers:
        message = f"{name} is the name of a module; its distribution is {providers[0]}"
        return Problem(message=message, hint=f"%nb2svc require {providers[0]}", where=where)
    hint = f"%pip install {name}, then export again: versions are those that the kernel has"
    return Problem(message=f"this kernel has no distribution {name}", hint=hint, where=where)


def _needs_nb2svc(module: str, where: Where) -> Problem:
    message = f"the service would need nb2svc itself, through {module}; an exported project runs without it"
    hint = "keep calls of nb2svc in cells of their own, out of handlers, helper modules and what they use"
    return Problem(message=message, hint=hint, where=where)


def _unowned(module: str, location: Location, why: tuple[Reason, ...], where: Where) -> Problem:
    needed = f"module {module} ({sentence(why)})"
    if not location.found:
        message = f"{needed} cannot be found in this kernel"
        hint = "install the distribution that provides it (%pip install …), run the cell that imports it, export again"
    elif location.file and not Path(location.file).exists():
        message = f"{needed} was uninstalled under the running kernel: it is loaded, and its file is gone"
        hint = "install its distribution again (%pip install …), restart the kernel, run the notebook again and export"
    elif location.file and (package := package_of(location.file)):
        message = f"{needed} comes from the conda package {package}, which is no Python distribution"
        hint = f"look for a wheel of it (%pip install {package}), restart the kernel, run the notebook again and export"
    elif location.file and not location.file.endswith(".py"):
        message = f"{needed} is compiled code that belongs to no installed distribution: {location.file}"
        hint = "package it and install that (%pip install ./folder-with-pyproject.toml), then export again"
    else:
        place = location.file or ", ".join(location.folders)
        message = f"{needed} belongs to no installed distribution: {place}"
        hint = "put it beside the notebook, where helper modules are copied from, or package and %pip install it"
    return Problem(message=message, hint=hint, where=where)


def _where(spec: ServiceSpec, module: str, why: tuple[Reason, ...]) -> Where:
    """The first definition that uses the module, where one does."""
    found = (reason.where for reason in why if str(reason.where))
    return next(found, Where(notebook=spec.notebook, name=module))
