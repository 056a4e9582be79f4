"""The platform that the service will run on, which need not be the kernel's."""

from __future__ import annotations

import platform as host
import sys
from dataclasses import dataclass
from functools import cached_property

from packaging.tags import Tag, compatible_tags, cpython_tags

from nb2svc.errors import FreezeError

# The oldest glibc that we resolve for: that of manylinux_2_28, which every base image in use today has.
GLIBC_MINOR = 28
ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
MACHINES = {"x86_64": "linux/amd64", "amd64": "linux/amd64", "aarch64": "linux/arm64", "arm64": "linux/arm64"}


def kernel_runs_linux() -> bool:
    """Whether what is installed here is built for the system of the service, if perhaps for another architecture."""
    return sys.platform == "linux"


@dataclass(frozen=True)
class Target:
    """A Python minor version on a platform, as uv, markers and wheel tags name it."""

    python: str  # ``3.11``
    platform: str  # ``linux/amd64``

    @classmethod
    def of(cls, python: str, platform: str | None = None) -> Target:
        """The target for ``platform``, by default Linux on this machine's architecture. Raises FreezeError."""
        name = platform or MACHINES.get(host.machine().lower(), "")
        if name not in ARCHITECTURES:
            asked = f"the platform {platform!r}" if platform else f"this machine's architecture {host.machine()!r}"
            raise FreezeError(
                f"nb2svc cannot resolve for {asked}",
                hint=f"name one of these as the platform: {', '.join(ARCHITECTURES)}",
            )
        return cls(python, name)

    @property
    def architecture(self) -> str:
        return ARCHITECTURES[self.platform]

    @property
    def uv_platform(self) -> str:
        return f"{self.architecture}-manylinux_2_{GLIBC_MINOR}"

    @property
    def python_full_version(self) -> str:
        """The kernel's own patch release where it is the same minor: markers may ask for it."""
        running = host.python_version()
        same = f"{sys.version_info[0]}.{sys.version_info[1]}" == self.python
        return running.rstrip("+") if same else f"{self.python}.0"

    @property
    def is_this_machine(self) -> bool:
        return sys.platform == "linux" and MACHINES.get(host.machine().lower()) == self.platform

    @property
    def environment(self) -> dict[str, str]:
        """The marker environment (PEP 508) of the target."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python_full_version,
            "os_name": "posix",
            "platform_machine": self.architecture,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": self.python_full_version,
            "python_version": self.python,
            "sys_platform": "linux",
        }

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """The wheel tags that the target can install."""
        major, minor = (int(part) for part in self.python.split("."))
        version, interpreter = (major, minor), f"cp{major}{minor}"
        platforms = self._platform_tags()
        native = cpython_tags(version, abis=[interpreter], platforms=platforms)
        return frozenset([*native, *compatible_tags(version, interpreter, platforms)])

    def _platform_tags(self) -> list[str]:
        legacy = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
        oldest = 5 if self.architecture == "x86_64" else 17
        glibc = [f"manylinux_2_{minor}" for minor in range(oldest, GLIBC_MINOR + 1)]
        names = [*glibc, *(name for name, minor in legacy.items() if minor >= oldest), "linux"]
        return [f"{name}_{self.architecture}" for name in names]
