"""Kernels that are forks of one process, which has loaded already what every kernel with nb2svc loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from live import Kernel, LiveKernel

SERVER = Path(__file__).with_name("kernel_forks.py")
ENDPOINT = '%%endpoint --example {"x": 1}\ndef echo(x: int):\n    return x'
LOADED = "import json, sys; print(json.dumps([name for name in sys.modules if '__' not in name]))"


class ForkedKernel(Kernel):
    """As good as a kernel of its own process: nothing of another notebook is in its memory."""

    def __init__(self, forks: KernelForks, folder: str, connection_file: str) -> None:
        self._forks = forks
        self.process = forks.ask({"start": [folder, connection_file]})
        client = BlockingKernelClient(connection_file=connection_file)
        client.load_connection_file()
        super().__init__(client)

    def close(self) -> None:
        super().close()
        self._forks.ask({"end": self.process})


class KernelForks:
    """The process that kernels are forked from; ``folder`` is for what it writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.project = folder / "project"  # of the smallest notebook
        self.modules = loaded_by_an_export(self.project)
        modules = folder / "modules.json"
        modules.write_text(json.dumps(self.modules))
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER), str(modules)],
            env=dict(os.environ),  # without what C libraries have set in this process, as kernels of their own
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def kernel(self, folder: str) -> ForkedKernel:
        """A kernel that starts in ``folder``, with the environment variables that this process was made with."""
        file = str(self._folder / f"{uuid.uuid4().hex}.json")
        write_connection_file(file, key=uuid.uuid4().hex.encode(), kernel_name="python3")
        return ForkedKernel(self, folder, file)

    def ask(self, job: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with status {self._process.wait()}")
        return int(line)

    def close(self) -> None:
        self._process.communicate()


def loaded_by_an_export(project: Path) -> list[str]:
    """The modules that a kernel has loaded once it has exported the smallest notebook, to ``project``, in their order.

    What a capture finds in ``sys.modules`` decides what is locked, so a fork finds this there and no more.
    """
    kernel = LiveKernel(str(project.parent))
    try:
        for cell in ("%load_ext nb2svc", ENDPOINT, f"%nb2svc export {project}"):
            outcome = kernel.run(cell)
            assert outcome.ok, outcome.error
        names: list[str] = json.loads(kernel.run_hidden(LOADED).text)
        return names
    finally:
        kernel.close()
