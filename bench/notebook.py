"""What nb2svc costs in a notebook and in the shell: ``python bench/notebook.py [--runs N]``.

Each figure is taken side by side with the same work done without nb2svc, in turn, in one run; medians are printed.
``%load_ext`` is measured in fresh processes, the cells in one real kernel, the log of cells in a shell without one, the
export as whole processes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "example_notebooks" / "iris.ipynb"

LOAD = """
import time
from ipykernel.zmqshell import ZMQInteractiveShell
shell = ZMQInteractiveShell.instance()
begin = time.perf_counter()
shell.extension_manager.load_extension("nb2svc")
print(time.perf_counter() - begin)
"""

CELL = """def predict(flower: Flower) -> dict:
    row = pd.DataFrame([flower.model_dump()])
    return {"species": SPECIES[int(model.predict(row)[0])]}
"""
EXAMPLE = '{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}'
RUN_CELL = """
import time as _time
_begin = _time.perf_counter()
_result = get_ipython().run_cell({cell!r}, store_history=True)
_result.raise_error()
print("seconds", _time.perf_counter() - _begin)
"""

RUN_PLAIN = """
import sys, nbformat
from nbclient import NotebookClient
from pathlib import Path
path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}).execute()
"""


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def row(what: str, values: list[float], goal: str) -> None:
    milliseconds = [value * 1000 for value in values]
    digits = 0 if max(milliseconds) >= 10 else 2
    spread = f"{min(milliseconds):8.{digits}f} - {max(milliseconds):.{digits}f}"
    print(f"{what:<58} {statistics.median(milliseconds):8.{digits}f} ms   ({spread})   goal {goal}", flush=True)


def load_extension(runs: int) -> None:
    command = [sys.executable, "-c", LOAD]
    values = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(runs + 1)
    ]
    row("%load_ext nb2svc, on top of a bare kernel", values[1:], "≤ 150 ms")


def endpoint_cell(runs: int) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "shared"))
    from live import IRIS, LiveKernel

    with tempfile.TemporaryDirectory() as folder:
        kernel = LiveKernel(folder)
        try:
            assert kernel.run("%load_ext nb2svc").ok
            assert kernel.run(IRIS).ok
            magic = f"%%endpoint POST /predict --example {EXAMPLE}\n{CELL}"
            body = CELL + f"predict(Flower(**{EXAMPLE}))"

            def timed(cell: str) -> float:
                outcome = kernel.run(RUN_CELL.format(cell=cell))
                assert outcome.ok, outcome.error
                return float(outcome.text.rpartition("seconds")[2])

            first = timed(magic)
            pairs = [(timed(magic), timed(body)) for _ in range(runs * 3)]
        finally:
            kernel.close()
    extra = [with_ - bare for with_, bare in pairs]
    row("%%endpoint, on top of its cell and one call of the handler", extra, "≤ 50 ms")
    row("  the first one of a kernel (imports FastAPI)", [first], "-")


def cell_log() -> None:
    """What the log of cells costs each ordinary cell, and what a search in it costs, in a notebook of 500 cells."""
    from IPython.core.interactiveshell import InteractiveShell

    from nb2svc.capture.cells import CellLog

    shell = InteractiveShell()
    log, spent = CellLog(), []
    code = "\n".join(f"def f_{{0}}_{line}(x):\n    return [x * n for n in range({line})]" for line in range(5))
    for cell in range(500):
        info = SimpleNamespace(raw_cell=code.replace("{0}", str(cell)), store_history=True)
        if cell == 0:
            log.attach(shell)
            shell.events.unregister("pre_run_cell", log._before)  # noqa: SLF001
            shell.events.unregister("post_run_cell", log._after)  # noqa: SLF001
        before = seconds(lambda info=info: log._before(info))  # type: ignore[misc]  # noqa: SLF001
        result = shell.run_cell(info.raw_cell, store_history=True)
        spent.append(before + seconds(lambda result=result: log._after(result)))  # type: ignore[misc]  # noqa: SLF001
    row("the log of cells, for each cell of a notebook of 500", spent, "≤ 1 ms")
    names = [f"f_{cell}_3" for cell in range(500)]
    searches = [seconds(lambda name=name: log.binding(name, shell.user_ns[name])) for name in names]  # type: ignore[misc]
    row("  a search in it", searches, "≤ 0.5 ms")


def clean_room(runs: int) -> None:
    """What verifying a project adds to what the project itself takes."""
    from nb2svc.freeze import installed_owners
    from nb2svc.smoke.clean_room import clean_room as verified

    everything = installed_owners().names
    with tempfile.TemporaryDirectory() as folder:
        service = Path(folder, "service")
        service.mkdir()
        (service / "__init__.py").touch()
        (service / "main.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
        found = [verified(Path(folder), allowed=everything) for _ in range(runs + 1)]
    spare = [each.seconds - sum(check.seconds for check in each.checks) for each in found[1:]]
    row("the clean room, on top of what the project takes", spare, "≤ 500 ms")


def export(runs: int) -> None:
    program = Path(sys.executable).parent / "nb2svc"
    with tempfile.TemporaryDirectory() as folder:

        def exported(number: int) -> None:
            target = Path(folder, f"iris-{number}")
            subprocess.run([program, "export", NOTEBOOK, "-o", target, "--quiet"], check=True, capture_output=True)

        def executed() -> None:
            subprocess.run([sys.executable, "-c", RUN_PLAIN, NOTEBOOK], check=True, capture_output=True)

        exported(-1)  # warm: locks and indexes are cached
        pairs = [(seconds(lambda number=number: exported(number)), seconds(executed)) for number in range(runs)]  # type: ignore[misc]
    row("nb2svc export of iris, on top of running the notebook", [with_ - bare for with_, bare in pairs], "≤ 3000 ms")
    row("  the whole command", [with_ for with_, _ in pairs], "-")
    row("  nbclient running the notebook alone", [bare for _, bare in pairs], "-")


def demo(runs: int) -> None:
    command = [sys.executable, ROOT / "dev" / "demo.py"]
    values = [seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(runs + 1)]
    row("make demo, from its second run on", values[1:], "≤ 30000 ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each figure")
    runs = parser.parse_args().runs
    load_extension(runs)
    endpoint_cell(runs)
    cell_log()
    clean_room(runs)
    export(runs)
    demo(max(1, runs // 3))


if __name__ == "__main__":
    main()
