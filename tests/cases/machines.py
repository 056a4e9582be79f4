"""The machine of a case: its folder, its settings, its package indexes and its interpreter, where these are not ours.

``machine.py`` in a case's folder says what differs: ``prepare(machine)`` runs before the kernel starts.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from case_folder import Case
from index_server import PackageIndex, served

from nb2svc.package_index import Index, user_index


class Machine:
    """Where a case's notebook lives. What was started for it stays as long as the engines that serve it."""

    def __init__(self, folder: Path, env: Mapping[str, str], started: ExitStack) -> None:
        self.folder = folder  # the notebook's
        self.env = dict(env)  # on top of this process's: of the kernel, and of whatever installs
        self.python = ""  # of the kernel; "" for ours
        self._started = started

    def package_index(self, password: str = "") -> PackageIndex:
        """One more, empty. Its wheels are none that a cache knows: what is installed was fetched from it."""
        index = self._started.enter_context(served())
        index.password = password
        index.label = uuid.uuid4().hex
        return index

    def own_environment(self) -> Path:
        """Let the kernel run in a virtual environment of its own, which sees our distributions. Returns its folder."""
        folder = self.folder.parent / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.python = str(folder / "bin" / "python")
        site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
        (site / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
        return folder

    def settings(self) -> Index:
        """Of the package indexes, as whoever works in the notebook's folder has them."""
        return user_index({**os.environ, **self.env}, self.folder)


def prepared(case: Case, folder: Path, started: ExitStack) -> Machine:
    """The case's machine, with the notebook in ``folder``."""
    machine = Machine(folder, case.expected.env, started)
    if case.machine:
        runpy.run_path(str(case.machine))["prepare"](machine)
    return machine
