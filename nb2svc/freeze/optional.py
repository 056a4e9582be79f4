"""What the kernel's libraries took because it was there, and the service's would do without.

``try: import lxml`` takes another way where lxml is missing, and nothing fails: the answers differ on some inputs only.
The clean room tells what the service looked for and did not get; of that, what this process *has* loaded is where the
kernel took the other way. Not all of it matters to an answer: the rules stand in :func:`_matters`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from nb2svc.values import ServiceSpec, Sought

from ..package_index import without_addresses
from . import cache
from .installed import Installed
from .owners import Owners

FORMAT = 1  # of what is remembered

#: The notebook itself: a service is none, whoever asks.
NOTEBOOK = re.compile(r"nb2svc|ipython|ipykernel|ipywidgets|jupyter.*|notebook|nbclient|nbconvert|debugpy")

#: For looking at results: where a library merely looks for it, a service has nobody who looks.
SHOWS = frozenset({"altair", "bokeh", "graphviz", "matplotlib", "plotly", "pydot", "rich", "seaborn", "tqdm"})

#: Kinds of data that libraries recognise where they are given some. A service whose lock lacks them is given none.
DATA = frozenset(
    {"cudf", "cupy", "dask", "distributed", "jax", "modin", "pandas", "polars", "tensorflow", "torch", "xarray"}
)

#: Extras of a distribution that are about working on it, looking at it or its command line.
NOT_FOR_SERVICES = re.compile(
    r"(.*[-_.])?(tests?|testing|docs?|dev|develop(ment)?|lint|typing|mypy|bench(marks?)?|examples?|tutorials?|build|ci|"
    r"release|maintenance|plot(ting|s)?|viz|visuali[sz]ation|graphviz|notebooks?|jupyter|ipython|cli|console|terminal|repl)"
    r"([-_.].*)?"
)

#: Extras that name everything, whatever it is for.
EVERYTHING = frozenset({"all", "full", "complete", "everything"})


def further_roots(sought: Sought, locked: Iterable[str], owners: Owners) -> dict[str, str]:
    """The distributions that the service lacks without failing, name → why, sorted.

    ``locked`` are the names of the lock that it was run with.
    """
    known = frozenset(locked)
    found: dict[str, str] = {}
    for module, files in sought.modules:
        if module in sys.modules:
            for owner in owners.of_module(module):
                if owner.name not in known and owner.name not in found and not NOTEBOOK.fullmatch(owner.name):
                    found |= _by_import(owner, files, owners)
    for group, files in sought.groups:
        found |= {name: why for name, why in _plugins(group, files, owners) if name not in known}
    return dict(sorted(found.items()))


def remember(spec: ServiceSpec, owners: Owners, sought: Sought) -> None:
    """So that the next export of the same code in the same environment asks the clean room once."""
    if sought == Sought():
        return
    key = _key(spec, owners)
    document = {"modules": sought.modules, "groups": sought.groups}
    if cache.load("sought", key) != document:
        cache.store("sought", key, document)


def remembered(spec: ServiceSpec, owners: Owners) -> Sought:
    """What the clean room told last time; empty where there was none."""
    document = cache.load("sought", _key(spec, owners))
    if not isinstance(document, Mapping):
        return Sought()
    return Sought.of(dict(document["modules"]), dict(document["groups"]))


def _key(spec: ServiceSpec, owners: Owners) -> str:
    code = [spec.closure.imports, spec.closure.modules, [one.source for one in spec.closure.definitions]]
    helpers = [[helper.path, helper.source.decode("utf-8", "replace")] for helper in spec.closure.helpers]
    asked = [example.request for example in spec.examples]
    return cache.digest([FORMAT, owners.state, spec.name, code, helpers, asked, spec.requires])


# --- optional imports ---------------------------------------------------------------------------


def _by_import(owner: Installed, files: Iterable[str], owners: Owners) -> dict[str, str]:
    for file in files:
        asker = owners.of_file(file) if file else None
        if file and asker is None:  # the project's own code: the user's ``try: import …``
            return {owner.name: "looked for by the notebook's code, which had it"}
        if asker and asker.name != owner.name and _matters(owner, asker, owners):
            return {owner.name: f"{asker.name} uses it where it is installed, as in the notebook"}
    return {}


def _matters(owner: Installed, asker: Installed, owners: Owners) -> bool:
    """Whether ``asker`` may answer otherwise without ``owner``.

    It may where it offers ``owner`` to its users as an extra. Where it says nothing about it, it may too, but for what
    is installed on behalf of nb2svc and Jupyter: that says nothing about the notebook.
    """
    if owner.name in _runtimes_own() or owner.name in DATA | SHOWS:
        return False
    extras = _extras_naming(owner.name, asker)
    if named := extras - EVERYTHING:
        return any(not NOT_FOR_SERVICES.fullmatch(extra) for extra in named)
    return bool(extras) or owner.name not in _tools(owners)


def _extras_naming(name: str, asker: Installed) -> frozenset[str]:
    """The extras of ``asker`` that bring ``name``."""
    found = set()
    for text in asker.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == name and requirement.marker:
            found |= set(re.findall(r"extra\s*==\s*['\"]([^'\"]+)['\"]", str(requirement.marker)))
    return frozenset(canonicalize_name(extra) for extra in found)


def _runtimes_own() -> frozenset[str]:
    """What the runtime needs for some services only is decided by what they do, not by what it looks for."""
    from nb2svc.runtime.manifest import OPTIONAL_DISTRIBUTIONS

    return frozenset(map(canonicalize_name, OPTIONAL_DISTRIBUTIONS))


@lru_cache(maxsize=1)
def _tools(owners: Owners) -> frozenset[str]:
    """What nb2svc and Jupyter require, by names alone."""
    pending = ["nb2svc", "ipykernel", "ipython", "ipywidgets", "jupyterlab", "notebook"]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        installed = owners.named(name)
        if name in found or installed is None:
            continue
        found.add(name)
        for text in installed.requires:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if "extra" not in str(requirement.marker or ""):
                pending.append(canonicalize_name(requirement.name))
    return frozenset(found)


# --- plugins ------------------------------------------------------------------------------------


def _plugins(group: str, files: Iterable[str], owners: Owners) -> Iterator[tuple[str, str]]:
    """The distributions with an entry point in ``group`` whose module this process has loaded."""
    askers = [asker.name for file in files if file and (asker := owners.of_file(file))]
    by = askers[0] if askers else "the notebook's code"
    for installed in owners.installed:
        if NOTEBOOK.fullmatch(installed.name) or installed.name in _tools(owners) or installed.name in askers:
            continue
        for point in Distribution.at(Path(installed.metadata)).entry_points:
            if _is_of(point.group, group, askers) and point.module in sys.modules:
                name = without_addresses(point.group)
                yield installed.name, f"{by} finds it as a plugin ({name}), and the notebook has loaded it"
                break


def _is_of(group: str, looked_through: str, askers: Iterable[str]) -> bool:
    """Whether ``group`` is what was looked for. Who looks through all of them wants those of its own name."""
    if looked_through:
        return group == looked_through
    return any(canonicalize_name(group).startswith(asker.partition("-")[0]) for asker in askers)
