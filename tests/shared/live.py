"""A real ipykernel that tests type cells into, as a front end does."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

ANSI = re.compile(r"\x1b\[[0-9;]*m")

IRIS = """
import numpy as np
import pandas as pd
from pydantic import BaseModel
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, y = load_iris(return_X_y=True, as_frame=True)
X.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SPECIES = ["setosa", "versicolor", "virginica"]
model = LogisticRegression(max_iter=500).fit(X, y)


class Flower(BaseModel):
    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float
"""

FLOWER = '{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}'
PREDICT = f"""%%endpoint POST /predict --example {FLOWER}
def predict(flower: Flower):
    row = pd.DataFrame([flower.model_dump()])
    return {{"species": SPECIES[int(model.predict(row)[0])]}}
"""


@dataclass
class Outcome:
    """What one cell gave: ``status`` of the reply, everything displayed as text and as HTML, the error."""

    status: str
    text: str = ""
    html: str = ""
    results: list[str] = field(default_factory=list)  # execute_result only: the last expression
    errors: list[str] = field(default_factory=list)  # each error message's traceback, without colours
    ename: str = ""

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def error(self) -> str:
        return "\n".join(self.errors)


class Kernel:
    """``run`` is a cell of a notebook, with an id where the front end sends one."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def close(self) -> None:
        self.client.stop_channels()

    def run(
        self, code: str, cell_id: str | None = None, *, deleted: tuple[str, ...] = (), timeout: float = 120
    ) -> Outcome:
        """A cell of the notebook."""
        metadata: dict[str, Any] = {"deletedCells": list(deleted)}
        if cell_id:
            metadata["cellId"] = cell_id
        return self._execute(code, metadata, timeout, silent=False)

    def run_hidden(self, code: str, timeout: float = 120) -> Outcome:
        """Code that is no cell: no number, no history, no hooks."""
        return self._execute(code, {}, timeout, silent=True)

    def _execute(self, code: str, metadata: dict[str, Any], timeout: float, *, silent: bool) -> Outcome:
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
        }
        message = self.client.session.msg("execute_request", {**content, "stop_on_error": True}, metadata=metadata)
        self.client.shell_channel.send(message)
        outcome = Outcome(status="")
        self._outputs(message["header"]["msg_id"], outcome, timeout)
        outcome.status = self._reply(message["header"]["msg_id"], timeout)["content"]["status"]
        return outcome

    def _reply(self, msg_id: str, timeout: float) -> dict[str, Any]:
        while True:
            reply: dict[str, Any] = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == msg_id:
                return reply

    def _outputs(self, msg_id: str, outcome: Outcome, timeout: float) -> None:
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=timeout)
            except Empty:
                raise AssertionError(f"the cell did not end within {timeout} s") from None
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return
            if kind == "stream":
                outcome.text += content["text"]
            elif kind in {"display_data", "execute_result", "update_display_data"}:
                outcome.text += content["data"].get("text/plain", "") + "\n"
                outcome.html += content["data"].get("text/html", "")
                if kind == "execute_result":
                    outcome.results.append(content["data"]["text/plain"])
            elif kind == "error":
                outcome.errors.append(ANSI.sub("", "\n".join(content["traceback"])))
                outcome.ename = content["ename"]


class LiveKernel(Kernel):
    """A kernel of its own process, started in ``folder``."""

    def __init__(self, folder: str, env: dict[str, str] | None = None, python: str = "") -> None:
        self.manager = KernelManager(kernel_name="python3")  # the kernel of this interpreter
        if python:
            self.manager.kernel_spec.argv[0] = python
        self.manager.start_kernel(cwd=folder, env={**os.environ, **(env or {})})
        super().__init__(self.manager.client())

    def close(self) -> None:
        super().close()
        self.manager.shutdown_kernel(now=True)
