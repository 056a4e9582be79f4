"""One notebook, both sides: is it refused, do kernel and service agree, or is there a difference?"""

from __future__ import annotations

import json
import re
import signal
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from forking import Forking
from notebook import Notebook
from reducing import reduced

HERE = Path(__file__).parent
_QUOTED = re.compile(r"'[^']*'|`[^`]*`|\(.*\)")
_NAMED = re.compile(
    r"\b([a-zA-Z]|[xyf]s|steps|gen|deco|make|pair|up|now|outer|inner|counted|wrapper|patched|handler|second)\b"
)

# Warnings that say which value is another one in the service.
_TELLS = re.compile(
    r"the service (begins without that|runs it with)|leaves out .*, which the service therefore begins without"
    r"|views of one memory, of which each has a copy|the service works them out anew|in every process|draws from a gen"
    r"|__subclasses__\(\) finds in the service|__del__ runs at other times|__name__ is 'service.notebook'"
    r"|names its module, which is|may be otherwise in the service|in the service$|written for the service|counts anew"
    r"|that capture cannot see|was set by this cell"
)
_ONCE_MORE = "a startup cell changes · once more where the service starts"  # the clean room's words
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")

# ``silent``: only a request that is no example shows the difference; ``told``: a warning says what will be otherwise.
# The clean room refuses the rest, with less to say than the cell could have: an example answered ``wrong``, a
# definition that ``drifts``, a project that ``crashes``. ``bug``: nb2svc itself raised something that is no refusal.
Kind = Literal["serves", "refused", "told", "silent", "wrong", "drifts", "crashes", "bug"]
FAILURES = ("silent", "bug", "wrong", "drifts", "crashes")  # worst first


@dataclass(frozen=True)
class Outcome:
    kind: Kind
    reasons: tuple[str, ...] = ()  # of a refusal, in nb2svc's words
    detail: str = ""  # of a failure: expected and got
    cells_failed: int = 0
    code: str = field(default="", repr=False)  # service/notebook.py, where there is one

    @property
    def failed(self) -> bool:
        return self.kind in FAILURES

    @property
    def way(self) -> str:
        """The kind of a failure, and the exception where there is one."""
        last = self.detail.rpartition("\n")[2]
        return f"{self.kind} {last.partition(':')[0]}" if self.kind in {"crashes", "bug"} else self.kind

    @property
    def categories(self) -> tuple[str, ...]:
        """The reasons without what is the notebook's own, to count them by."""
        return tuple(dict.fromkeys(_NAMED.sub("·", _QUOTED.sub("…", reason)) for reason in self.reasons))


class Sides:
    """The two servers. What depends on the order of a set of texts differs between them, as from run to run."""

    def __init__(self) -> None:
        self._kernel = Forking(HERE / "kernel_server.py", hash_seed=0)
        self._service = Forking(HERE / "service_server.py", hash_seed=1)

    def close(self) -> None:
        self._kernel.close()
        self._service.close()

    def compare(self, notebook: Notebook) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="nb2svc-property-") as folder:
            return self._compared(notebook, Path(folder))

    def _compared(self, notebook: Notebook, folder: Path) -> Outcome:
        project = folder / "project"
        ran = self._kernel.ask(
            {
                "folder": str(folder),
                "project": str(project),
                "cells": [asdict(each) for each in notebook.executions],
                "inputs": notebook.inputs,
            }
        )
        if ran.get("died") == -signal.SIGALRM:
            return Outcome("refused", ("it takes too long here",))
        if "cells" not in ran:
            return Outcome("bug", detail=ran.get("broke", f"the kernel died: {ran}").rstrip())
        failed = sum(1 for cell in ran["cells"] if "raised" in cell)
        if bug := next((cell["raised"] for cell in ran["cells"] if cell.get("bug")), ""):
            return Outcome("bug", detail=bug, cells_failed=failed)
        if "refused" in ran:
            reasons = [reason for cell in ran["cells"] for reason in cell.get("refused", ())] or ran["refused"]
            return Outcome("refused", tuple(reasons), cells_failed=failed)
        code = (project / "service" / "notebook.py").read_text("utf-8")
        asked = [*ran["examples"], *ran["asked"]]
        job = {"project": str(project), "requests": [one[0] for one in asked], "compared": ran["compared"]}
        served = self._service.ask(job)
        if "answers" not in served:
            return _stopped(served, ran, Outcome("crashes", cells_failed=failed, code=code))
        kind, detail = _difference(asked, len(ran["examples"]), served)
        if kind in {"silent", "wrong"} and any(map(_TELLS.search, ran["warnings"])):
            kind = "told"
        if kind == "silent" and (served["returned"] or served["ambient"]):
            kind = "told"
        once_more = (_ONCE_MORE,) if served["restarted"] and not served["drift"] else ()
        return Outcome("refused" if once_more else kind, once_more, detail=detail, cells_failed=failed, code=code)


def _stopped(served: dict[str, Any], ran: dict[str, Any], crashes: Outcome) -> Outcome:
    """A service that does not start; a startup cell that reads something else by now was told of."""
    if any("the service runs it with" in one for one in ran["warnings"]):
        return replace(crashes, kind="refused", reasons=("a startup cell fails with what it reads now",))
    return replace(crashes, detail=served.get("broke", f"the service died: {served}").rstrip())


def _difference(asked: list[list[Any]], examples: int, served: dict[str, Any]) -> tuple[Kind, str]:
    wrong = [
        (number, f"{request.get('json', request['path'])}\n  kernel   {_written(here)}\n  service  {_written(there)}")
        for number, ((request, here), there) in enumerate(zip(asked, served["answers"], strict=True))
        if _written(here) != _written(there)
    ]
    drift = [
        f"{name}: {what}: {here} → {there}" for name, all_ in served["drift"].items() for what, here, there in all_
    ]
    if wrong and wrong[0][0] < examples:
        return "wrong", wrong[0][1]
    if drift:
        return "drifts", "\n".join(drift)
    return ("silent", wrong[0][1]) if wrong else ("serves", "")


def _written(answer: dict[str, Any]) -> str:
    """An answer as a text, in which types and orders count; an address of memory is another at each run."""
    return _ADDRESS.sub("0x…", json.dumps(answer, ensure_ascii=False))


def smallest_like(notebook: Notebook, outcome: Outcome, sides: Sides) -> Notebook:
    """A smaller notebook that fails in the same way, and in which no more cells fail."""

    def still(candidate: Notebook) -> bool:
        found = sides.compare(candidate)
        return found.way == outcome.way and found.cells_failed <= outcome.cells_failed

    return reduced(notebook, still)
