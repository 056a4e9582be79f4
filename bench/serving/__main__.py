"""A notebook's service against what else serves the same model: ``python bench/serving [--quick]``.

Exports the notebooks of ``notebooks/`` with nb2svc, makes an environment for every other server, and measures all in
turn: the server on one processor, the load on another, every answer checked against the model's own. Prints tables
with requests a second, latencies, start, memory and the ratios that nb2svc aims at. ``--docs`` writes them, and a
picture, into docs/serving.md. Exit code 1 where an answer was wrong or lost.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import joblib
from environments import UnavailableError, peer_environment, service_environment, stack_of
from figures import Missing, at_fault, faults, goals, least_busy, medians
from measuring import Found, Measuring, Plan, Prepared
from results import Results, machine
from roster import BY_NAME, FLOOR, OURS, SERVERS, Server
from tables import faults_list, page_with, results
from workloads import WORKLOADS, Workload

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / ".demo" / "serving"
PAGE = ROOT / "docs" / "serving.md"
PICTURE = ROOT / "docs" / "images" / "serving.png"
_UNDISTURBED = 0.85  # of its processor, for a server that is kept busy


def main() -> int:
    options = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped, as after Ctrl-C
    if options.from_json:
        found = Results.merged([Results.load(file) for file in options.from_json])
    else:
        found = _measured(options)
        if options.prepare:
            return 0
        found.save(options.json)
        _say(f"all rounds: {options.json}")
    return _report(found, options.docs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names, workloads = list(BY_NAME), [each.name for each in WORKLOADS]
    default = [server.name for server in SERVERS if server.default]
    parser.add_argument("--servers", nargs="+", choices=names, default=default, metavar="NAME",
                        help=f"which of {', '.join(names)}; by default {', '.join(default)}")  # fmt: skip
    parser.add_argument("--workloads", nargs="+", choices=workloads, default=workloads, metavar="NAME",
                        help=f"which of {', '.join(workloads)}")  # fmt: skip
    parser.add_argument("--connections", nargs="+", type=int, metavar="N", help="1 64 256; with --quick 1 64")
    parser.add_argument("--seconds", type=float, help="of each load; 1.5, with --quick 0.7")
    parser.add_argument("--rounds", type=int, help="3, with --quick 1; medians are told")
    parser.add_argument("--quick", action="store_true", help="a look in two minutes")
    parser.add_argument("--server-cpu", type=int, help="the processor of the servers; the last of this process's")
    parser.add_argument("--load-cpu", type=int, help="the processor of the load; the first of this process's")
    parser.add_argument(
        "--prepare", action="store_true", help="export and install all that a run needs; measure nothing"
    )
    parser.add_argument("--json", type=Path, default=SCRATCH / "results.json", help="where all figures go")
    parser.add_argument("--from-json", nargs="+", type=Path, metavar="FILE", help="tell finished runs, measure nothing")
    parser.add_argument("--docs", action="store_true", help="write tables and picture into docs/serving.md")
    options = parser.parse_args()
    options.connections = options.connections or ([1, 64] if options.quick else [1, 64, 256])
    options.seconds = options.seconds or (0.7 if options.quick else 1.5)
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def _measured(options: argparse.Namespace) -> Results:
    server_cpu, load_cpu = _processors(options)
    servers = [BY_NAME[name] for name in options.servers]
    workloads = [each for each in WORKLOADS if each.name in options.workloads]
    plan = Plan(
        servers, workloads, options.connections, options.seconds, options.seconds / 4, options.rounds, server_cpu
    )
    found = Found([], [], [])
    prepared = _prepare(servers, workloads, found)
    if not options.prepare:
        os.sched_setaffinity(0, {load_cpu})
        Measuring(plan, prepared, found, _say).run()
    run = {"connections": options.connections, "seconds": options.seconds, "rounds": options.rounds,
           "versions": stack_of([project / "requirements.txt" for project in prepared.projects.values()])}  # fmt: skip
    return Results(machine(server_cpu, load_cpu), run, found.points, found.starts, found.missing)


def _processors(options: argparse.Namespace) -> tuple[int, int]:
    """Those of the servers and of the load."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        sys.exit("bench/serving needs two processors: one for the server, one for the load.")
    server = allowed[-1] if options.server_cpu is None else options.server_cpu
    load = allowed[0] if options.load_cpu is None else options.load_cpu
    if server == load or not {server, load} <= set(allowed):
        sys.exit(f"--server-cpu and --load-cpu must be two of {', '.join(map(str, allowed))}.")
    return server, load


def _prepare(servers: Sequence[Server], workloads: Sequence[Workload], found: Found) -> Prepared:
    """Export the services, make the environments, compute the right answers."""
    projects = {workload.name: _exported(workload) for workload in workloads}
    models = {name: project / "models" / "model.joblib" for name, project in projects.items()}
    stack = stack_of([project / "requirements.txt" for project in projects.values()])
    bins = {}
    for server in servers:
        _say(f"environment of {server.title}")
        for workload in workloads:
            try:
                bins[server.name, workload.name] = _environment(server, projects[workload.name], stack)
            except UnavailableError as error:  # noqa: PERF203 - the others are measured
                found.missing.append(Missing(server.name, workload.name, "", str(error)))
                _say(f"  {error}")
    asked = {workload.name: workload.asked(joblib.load(models[workload.name])) for workload in workloads}
    return Prepared(bins, projects, models, asked, SCRATCH)


def _environment(server: Server, project: Path, stack: dict[str, str]) -> Path:
    if server.name == OURS:
        return service_environment(project, SCRATCH / "envs")
    return peer_environment(server.folder / "requirements.txt", stack, SCRATCH / "envs")


def _exported(workload: Workload) -> Path:
    project = SCRATCH / workload.name
    _say(f"nb2svc export {workload.notebook.relative_to(ROOT)}")
    program = Path(sys.executable).parent / "nb2svc"
    exported = subprocess.run([program, "export", workload.notebook, "-o", project, "--quiet"], check=False)
    if exported.returncode:
        sys.exit(f"bench/serving: {workload.notebook.relative_to(ROOT)} cannot be exported (see above).")
    subprocess.run([sys.executable, "-m", "compileall", "-q", project / "service"], check=True)  # as its image does
    return project


def _report(found: Results, docs: bool) -> int:
    points = medians(found.points)
    wrong = faults(points)
    tables = results(points, found.starts, goals(points, found.starts), found.missing)
    print(f"\n{tables}")
    _say(_ceiling(found))
    if docs:
        from plot import draw

        draw(points, PICTURE)
        text = f"{_told(found)}\n\n![requests a second]({PICTURE.relative_to(PAGE.parent)})\n\n{tables}"
        PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
        _say(f"{PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)} are written")
    if wrong:
        _say(f"\nWrong or lost answers:\n{faults_list(wrong)}")
    return 1 if at_fault(points, found.missing) else 0


def _ceiling(found: Results) -> str:
    """What the load generator can do, as far as the floor shows it, and what may have been the limit but a server."""
    floor = [point for point in medians(found.points) if point.server == FLOOR]
    best = max((point.rate for point in floor), default=None)
    text = f"The load generator reached {best:,.0f} requests/s against the floor." if best else "No floor measured."
    busy = least_busy(medians(found.points))
    if busy is not None and busy < _UNDISTURBED:
        text += (
            f" The machine was busy with something else: FastAPI had {busy:.0%} of its processor under full load, so "
            "measure again before trusting these figures."
        )
    limited = [p for p in medians(found.points) if p.server != FLOOR and p.generator > 0.8]
    if limited:
        which = ", ".join(f"{p.server} {p.workload} {p.target} at {p.connections} ({p.generator:.0%})" for p in limited)
        text += f" It was busy for more than 80 % of the time, and may have been the limit, with: {which}."
    return text


def _told(found: Results) -> str:
    machine_ = ", ".join(f"{name} {value}" for name, value in found.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in found.run["versions"].items())
    return (
        f"{machine_}. {found.run['rounds']} rounds, {found.run['seconds']:g} s a load after its warm-up; medians. "
        f"{versions}. {_ceiling(found)}"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
