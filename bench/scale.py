"""What long notebooks and large models cost: ``python bench/scale.py [--small]``.

A generated notebook of 1,000 cells and 300 functions, run with nb2svc and without, and captured; a model of 1 GiB,
exported from a live kernel, beside a plain copy of its file (both until they are on the disk), with the memory that
each process takes meanwhile. Each figure stands beside what it is compared with, taken in the same run. ``--small``:
200 cells, 64 MiB.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
GIB = 1 << 30
TINY = 8_000  # bytes of a model that costs nothing

MODEL = """
import numpy as np

class Nearest:
    def __init__(self, points):
        self.points = points
    def predict(self, rows):
        return [float(np.abs(self.points[:1000] - row).min()) for row in rows]

model = Nearest(np.random.default_rng(0).random({count}))
"""
LOAD = """
import sys, time, types
from pathlib import Path
import numpy as np
from nb2svc.runtime.loading import load_artifact
from nb2svc.runtime.manifest import Manifest
class Nearest: pass
service, notebook = types.ModuleType("service"), types.ModuleType("service.notebook")
notebook.Nearest = Nearest
sys.modules.update({"service": service, "service.notebook": notebook})
root = Path(sys.argv[1])
begin = time.perf_counter()
entry = Manifest.load(root).artifacts[0]
if sys.argv[2] == "mapped":
    model = load_artifact(entry, root)
else:
    model = np.fromfile(root / entry.path, np.float64)
seconds = time.perf_counter() - begin
print(seconds, flush=True)
total = float(getattr(model, "points", model).sum())  # a worker reads it
print("ready", flush=True)
sys.stdin.read()
"""


def figure(what: str, value: str, goal: str = "") -> None:
    print(f"{what:<74} {value:>12}   {'goal ' + goal if goal else ''}", flush=True)


# --- long notebooks -------------------------------------------------------------------------------


def cells(count: int, functions: int) -> list[str]:
    """A notebook like many: imports, constants, functions that call each other, classes, and looking at things."""
    made = ["import math\nfrom collections import Counter"]
    known = 0
    for number in range(1, count):
        if known < functions and number % 10 in {1, 4, 7}:
            called = f"step_{(known - 1) // 2}(total % 7.0)" if known else "total"
            made.append(
                f"FACTOR_{known} = {number}.5\n\n\ndef step_{known}(x):\n    total = x * FACTOR_{known}\n"
                f"    for k in range(3):\n        total += math.sqrt(k + {known})\n    return {called}\n"
            )
            known += 1
        elif number % 10 in {2, 6}:
            made.append(f"import math, re as re_{number}\nnames = ['a', 'b', 'c']\n[name.upper() for name in names]")
        elif number % 10 in {3, 8}:
            made.append(
                f"class Thing{number}:\n    def area(self):\n        return {number} ** 2\n\nthing = Thing{number}()"
            )
        else:
            made.append(
                f"rows = [{{'n': n, 'sq': n * n}} for n in range(20)]\nsum(row['sq'] for row in rows) + {number}"
            )
    return made


def endpoint(number: int, first: int, last: int) -> str:
    steps = " + ".join(f"step_{step}(x)" for step in range(first, last))
    magic = f'%%endpoint POST /total-{number} --example {{"x": 2.0}}'
    return f"{magic}\ndef total_{number}(x: float) -> float:\n    return {steps}"


def notebook(count: int, functions: int, *, with_nb2svc: bool) -> dict[str, float]:
    """Seconds that a fresh shell took: for the cells, for the three marked ones, for the whole capture."""
    call = f"import scale; scale.in_shell({count}, {functions}, with_nb2svc={with_nb2svc})"
    done = subprocess.run([sys.executable, "-c", call], cwd=ROOT / "bench", capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def in_shell(count: int, functions: int, *, with_nb2svc: bool) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    found = {}

    def run(sources: list[str]) -> float:
        begin = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            for source in sources:
                shell.run_cell(source, store_history=True).raise_error()
        return time.process_time() - begin

    import fastapi  # noqa: F401 - what capture imports once takes long, and is no matter of the notebook's length

    if with_nb2svc:
        shell.extension_manager.load_extension("nb2svc")
    found["cells"] = run(cells(count, functions))
    if with_nb2svc:
        import nb2svc
        from nb2svc.capture.spec import Identity, capture

        third = functions // 3
        found["marked"] = run([endpoint(n, n * third, (n + 1) * third) for n in range(3)])
        service: Any = nb2svc.service
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            registry, kernel = service._current(), service._kernel()  # noqa: SLF001
            captured = capture(registry, kernel, Identity(name="long"), Path(folder))
            found["capture"] = time.perf_counter() - begin
        assert len(captured.spec.closure.definitions) >= 2 * functions
    print(json.dumps(found))


def long_notebooks(count: int, functions: int, runs: int = 3) -> None:
    print(f"\na notebook of {count} cells with {functions} functions, all of them served")
    notebook(20, 3, with_nb2svc=True)  # warm: byte code
    pairs = [
        (notebook(count, functions, with_nb2svc=True), notebook(count, functions, with_nb2svc=False))
        for _ in range(runs)
    ]
    bare = min(without["cells"] for _, without in pairs)
    logged = min(with_["cells"] for with_, _ in pairs)
    marked = min(with_["marked"] for with_, _ in pairs)
    whole = min(with_["capture"] for with_, _ in pairs)
    figure("  its cells without nb2svc", f"{bare:.2f} s")
    figure("  its cells with nb2svc", f"{logged:.2f} s")
    figure("    on top, for each cell", f"{max(0, logged - bare) / count * 1000:.2f} ms", "≤ 1 ms")
    figure("  three %%endpoint cells, each with a third of the functions", f"{marked:.2f} s")
    figure("  the capture of all", f"{whole:.2f} s")
    figure("  all that nb2svc takes, beyond the notebook's own run", f"{logged - bare + marked + whole:.2f} s", "≤ 2 s")


# --- large models ---------------------------------------------------------------------------------


class Watch:
    """The most memory that a process and its children took, looked at every 5 ms."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.before = self.most = self.process.memory_info().rss
        self.children = 0
        self._command = self.process.cmdline()  # what a child has, too, until it becomes another program
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:  # noqa: PYI034 - Self is not in Python 3.10's typing
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.005):
            self.most = max(self.most, self.process.memory_info().rss)
            with contextlib.suppress(psutil.Error):
                children = [
                    child for child in self.process.children(recursive=True) if child.cmdline() != self._command
                ]
                self.children = max(self.children, sum(map(_own, children)))


def _own(process: psutil.Process) -> int:
    """Memory of no file: pages of files are shared with others, and the system may drop them."""
    told = process.memory_info()
    return int(told.rss - getattr(told, "shared", 0))


def processor_seconds(process: psutil.Process) -> float:
    """What a process and those that it waited for have used."""
    told = process.cpu_times()
    return sum(getattr(told, name, 0.0) for name in ("user", "system", "children_user", "children_system"))


@contextlib.contextmanager
def live_kernel(folder: Path) -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "tests" / "shared"))
    from live import LiveKernel

    kernel = LiveKernel(str(folder))
    try:
        yield kernel
    finally:
        kernel.close()


@dataclass(frozen=True)
class Exported:
    seconds: float
    processor: float  # seconds
    kernel: int  # bytes that the kernel grew by, at the most
    clean_room: int  # bytes that the clean room had for itself, at the most
    project: Path


def find_pages(size: int, folder: Path) -> None:
    """Make the machine have ``size`` bytes for its page cache: a virtual one gives memory back that nobody used for a
    while, and getting it again costs the next writer several times what the writing does.
    """
    file, part = folder / "pages", bytes(8 << 20)
    with file.open("wb") as pages:
        for _ in range(0, size, len(part)):
            pages.write(part)
    file.unlink()


def exported(size: int, folder: Path) -> Exported:
    """An export from a live kernel that holds a model of ``size`` bytes."""
    with live_kernel(folder) as kernel:
        for cell in (
            "%load_ext nb2svc",
            "%nb2svc name large",
            "%%serve_model model --example [0.25, 0.5]\n" + MODEL.format(count=size // 8),
        ):
            outcome = kernel.run(cell)
            assert outcome.ok, outcome.error
        find_pages(size, folder)
        with Watch(kernel.manager.provisioner.pid) as watch:
            begin, used = time.perf_counter(), processor_seconds(watch.process)
            outcome = kernel.run(f"%nb2svc export {folder / 'large'}")
            seconds, used = time.perf_counter() - begin, processor_seconds(watch.process) - used
        assert outcome.ok, outcome.error
    return Exported(seconds, used, watch.most - watch.before, watch.children, folder / "large")


def copied(file: Path) -> tuple[float, float]:
    """Seconds of a plain copy that is on the disk, as an export is: by the clock and by the processor."""
    target = file.with_name("copy")
    find_pages(file.stat().st_size, file.parent)
    begin, used = time.perf_counter(), time.process_time()
    shutil.copyfile(file, target)
    with target.open("rb") as written:
        os.fsync(written.fileno())
    spent = time.perf_counter() - begin, time.process_time() - used
    target.unlink()
    return spent


def workers(project: Path, how: str) -> tuple[float, int]:
    """Seconds until the first of two processes has loaded the model, and the memory that both take for it."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", LOAD, str(project), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        seconds = [float(process.stdout.readline()) for process in started if process.stdout]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        return min(seconds), sum(psutil.Process(process.pid).memory_full_info().pss for process in started)
    finally:
        for process in started:
            process.communicate("")


def large_models(size: int, runs: int = 3) -> None:
    print(f"\na model of {size / GIB:.2f} GiB, exported from a live kernel")
    with tempfile.TemporaryDirectory(dir=ROOT / ".demo", prefix="scale-") as scratch:
        _fresh(Path(scratch), "warm", TINY)  # fills the caches of packages and locks
        found = []
        for n in range(runs):
            tiny = _fresh(Path(scratch), f"tiny-{n}", TINY)
            large = _fresh(Path(scratch), f"large-{n}", size)
            file = next(large.project.glob("models/*"))
            found.append((tiny, large, copied(file)))
            if n < runs - 1:
                shutil.rmtree(large.project.parent)
        copy = statistics.median(copy[0] for *_, copy in found)
        copy_used = statistics.median(copy[1] for *_, copy in found)
        used = statistics.median(large.processor - tiny.processor for tiny, large, _ in found)
        small = statistics.median(tiny.seconds for tiny, *_ in found)
        whole = statistics.median(large.seconds for _, large, _ in found)
        grown = max(large.kernel - tiny.kernel for tiny, large, _ in found)
        child = max(large.clean_room - tiny.clean_room for tiny, large, _ in found)
        figure("  a plain copy of its file, until it is on the disk", f"{copy:.2f} s")
        figure("  the export", f"{whole:.2f} s")
        figure("  the export of the same notebook with a model of 8 kB", f"{small:.2f} s")
        figure("  what the size takes: their difference", f"{whole - small:.2f} s")
        figure("    speed, as a share of the copy's", f"{copy / (whole - small):.0%}", "≥ 60 %")
        figure("    processor time: of the copy, and what the size takes", f"{copy_used:.2f}, {used:.2f} s")
        figure("  the most memory on top in the kernel, as a share of the model", f"{grown / size:.1%}", "≤ 120 %")
        figure("    and in the clean room, its own", f"{child / size:.1%}")
        print("\ntwo processes that load and read it")
        for how, words in (("read", "read into memory, unchecked"), ("mapped", "as the service: checked and mapped")):
            seconds, memory = workers(large.project, how)
            figure(f"  {words}: until loaded", f"{seconds:.2f} s")
            figure("    memory of both (PSS), as a share of the model", f"{memory / size:.0%}")


def _fresh(scratch: Path, name: str, size: int) -> Exported:
    folder = scratch / name
    folder.mkdir()
    return exported(size, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="200 cells and 64 MiB, for a quick try")
    small = parser.parse_args().small
    (ROOT / ".demo").mkdir(exist_ok=True)
    long_notebooks(200 if small else 1000, 60 if small else 300)
    large_models(GIB >> 4 if small else GIB)


if __name__ == "__main__":
    main()
