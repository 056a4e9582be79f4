"""Where each distribution of the closure comes from: an index, by way of uv, or a wheel that ships with the project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from nb2svc.errors import FreezeError
from nb2svc.events import Progress
from nb2svc.values import Problem

from ..package_index import Index
from . import cache
from .closure import Needed
from .installed import Installed
from .owners import Owners
from .requirements import Pin
from .resolve import NoWheelError, Request, UnavailableError, YankedError, nearest, resolve
from .roots import Root
from .target import Target
from .wheelfile import Wheel, found_wheel
from .wheels import NotPortableError, editable_wheel, installed_wheel

MOST_PROBLEMS = 10  # told at once


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a lock is made of: exact versions with digests, and the wheels that no index has."""

    pins: tuple[Pin, ...]
    wheels: dict[str, Wheel]  # by distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Asks uv, packing what no index has into local wheels until there is an answer."""

    roots: tuple[Root, ...]
    needed: Needed
    owners: Owners
    target: Target
    index: Index
    uv: str
    current: Progress
    wheels: dict[str, Wheel] = field(default_factory=dict)  # packed so far

    def resolution(self) -> Resolution:
        """Raises FreezeError where uv has no answer, or a wheel cannot be made."""
        for installed in self.needed.members.values():
            if installed.origin.kind == "editable":
                self._build(installed)
            elif installed.origin.kind in {"vcs", "directory"}:
                self._pack(installed)
        first = self._request().key(self.index)
        for name in cache.load("supplied", first) or ():
            if name in self.needed.members:
                self._supply(self.needed.members[name])
        known = set(self.wheels)
        pins = self._pins()
        if later := set(self.wheels) - known:
            cache.store("supplied", first, sorted({*later, *(cache.load("supplied", first) or ())}))
        _refuse_unhashed(pins)
        return Resolution(pins, self.wheels)

    def _pins(self) -> tuple[Pin, ...]:
        """The answer of uv. Each round supplies at least one more wheel, so the rounds end."""
        self.current.step(f"Resolving {len(self.needed.members)} distributions for {self.target.platform}")
        while True:
            try:
                pins = resolve(self._request(), self.uv, self.index)
            except UnavailableError as error:
                if refused := self._supply_instead(error):
                    raise self._all_unavailable(refused) from None
                continue
            others = [pin.name for pin in pins if self._is_other_file(pin)]
            if not others:
                return pins
            for name in others:
                self._supply(self.needed.members[name])

    def _request(self) -> Request:
        members = self.needed.members
        # What only the target needs may bring in anything: then the whole kernel constrains it.
        names = self.owners.names if self.needed.missing else tuple(members)
        versions = {name: (members.get(name) or self.owners.named(name)) for name in names}
        uv = self.owners.named("uv")
        return Request(
            roots=tuple(root.requirement for root in self.roots),
            pins={name: one.version for name, one in versions.items() if one and name not in self.wheels},
            wheels=tuple(self.wheels[name] for name in sorted(self.wheels)),
            target=self.target,
            uv_version=uv.version if uv else "",
        )

    def _build(self, installed: Installed) -> None:
        self.current.step(f"Building a wheel of the editable install {installed.name}")
        wheel = editable_wheel(installed, self.target, self.uv, self.index)
        _refuse_modules_left_out(wheel, [root for root in self.roots if root.installed.name == installed.name])
        self.wheels[installed.name] = wheel

    def _pack(self, installed: Installed) -> None:
        self.current.step(f"Packing {installed.name} {installed.version} from its installed files")
        self.wheels[installed.name] = installed_wheel(installed, self.target)

    def _supply(self, installed: Installed) -> None:
        """Take its wheel from a local folder, else pack its installed files. Raises FreezeError."""
        if found := self._in_folders(installed):
            self.current.step(f"Taking {installed.name} {installed.version} from a local folder of wheels")
            self.wheels[installed.name] = found[0]
        else:
            self._pack(installed)

    def _supply_instead(self, error: UnavailableError) -> UnavailableError | None:
        """The error where there is nothing to supply, else None.

        What the index has as a source distribution only ships as it was built here, and so does what was installed
        from a file or an address of its own. What it does not have at all comes from a local folder: an index that is
        not named may have it, and packing would hide that.
        """
        installed = self.needed.members.get(error.name)
        if installed is None or error.name in self.wheels or isinstance(error, YankedError):
            return error
        of_no_index = installed.origin.kind == "archive" or self._in_folders(installed)
        if not isinstance(error, NoWheelError) and not of_no_index:
            return error
        try:
            self._supply(installed)
        except NotPortableError as refused:
            error.log = refused.message
            return error
        except FreezeError:
            return error
        return None

    def _all_unavailable(self, first: UnavailableError) -> FreezeError:
        """``first`` and what else the index lacks, each with the nearest versions that it has."""
        found = {first.name: first}
        while len(found) < MOST_PROBLEMS:
            # Without their pins uv goes on to the next one. What it chooses instead of them does not matter.
            request = self._request()
            pins = {name: version for name, version in request.pins.items() if name not in found}
            try:
                resolve(replace(request, pins=pins), self.uv, self.index)
            except UnavailableError as error:
                if error.name in found:
                    break
                if refused := self._supply_instead(error):
                    found[refused.name] = refused
            except FreezeError:
                break
            else:
                break
        for lacking in found.values():
            lacking.hint = self._with_nearest(lacking)
        if len(found) == 1:
            return first
        problems = [Problem(message=one.message, hint=one.hint) for _, one in sorted(found.items())]
        return FreezeError("the target cannot have the kernel's versions", problems=problems)

    def _with_nearest(self, error: UnavailableError) -> str:
        self.current.step(f"Looking for other versions of {error.name}")
        installed = self.needed.members.get(error.name)
        if installed and installed.origin.kind == "conda":
            error.hint = f"conda has versions that the index lacks: install one that both have ({error.hint})"
        near = nearest(error.name, error.version, self.target, self.uv, self.index) if error.version else ()
        if not near:
            return error.hint
        pip = f'%pip install "{error.name}=={near[-1]}"'
        return f"the nearest that it can have: {' and '.join(near)} ({pip}, restart, run again); or {error.hint}"

    def _is_other_file(self, pin: Pin) -> bool:
        """Whether the kernel has that version from another file than the index's: the index's would replace it."""
        installed = self.needed.members.get(pin.name)
        if installed is None or pin.name in self.wheels:
            return False
        if installed.origin.kind == "archive":
            return f"sha256:{installed.origin.sha256}" not in pin.hashes
        found = self._in_folders(installed)
        return bool(found) and not any(f"sha256:{wheel.sha256}" in pin.hashes for wheel in found)

    def _in_folders(self, installed: Installed) -> list[Wheel]:
        """The wheels of that version in the folders that ``find-links`` names, which pip prefers to its indexes.

        uv is not told of these folders: it would list their digests only, and an image built elsewhere could not
        use the index. What only they hold ships with the project.
        """
        paths = [path for folder in self.index.find_links for path in sorted(folder.glob("*.whl"))]
        wheels = [found_wheel(path) for path in paths if _is_wheel_of(path.name, installed, self.target)]
        known = installed.origin.kind == "archive"  # then it is that very file, or none
        return [wheel for wheel in wheels if not known or wheel.sha256 == installed.origin.sha256]


def _refuse_unhashed(pins: Iterable[Pin]) -> None:
    names = [f"{pin.name} {pin.version}" for pin in pins if not pin.hashes]
    if names:
        raise FreezeError(
            f"the index gives no digest of {', '.join(names)}, so a download could not be checked",
            hint="have the index serve SHA-256 digests, or name another one in UV_INDEX; then export again",
        )


def _is_wheel_of(filename: str, installed: Installed, target: Target) -> bool:
    try:
        name, version, _, tags = parse_wheel_filename(filename)
        return name == installed.name and version == Version(installed.version) and bool(tags & target.tags)
    except ValueError:
        return False  # a file name or version that is none


def _refuse_modules_left_out(wheel: Wheel, roots: Iterable[Root]) -> None:
    lost = sorted(module for root in roots for module in root.modules if not wheel.holds(module))
    if lost:
        raise FreezeError(
            f"{', '.join(lost)} can be imported from the folder of the editable install {wheel.name}, "
            "but its wheel does not hold it",
            hint=f"have the build of {wheel.name} include it, or put it beside the notebook; then export again",
        )
