"""Schemathesis over what services of notebooks describe: ``python tests/kernel/conform.py [NOTEBOOK …]``.

Each notebook is exported, its service run by a process, and asked what its OpenAPI document allows and what it does
not. An error of the service (5xx), or an answer of a status, content type or form that the document does not name, is
a failure, printed with the curl command that shows it. ``--cases`` is about how many requests each service gets.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nb2svc import pipeline
from nb2svc.capture.notebook import run_notebook

NOTEBOOKS = Path(__file__).resolve().parents[2] / "example_notebooks"
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
SHARE = 200  # requests to one operation in one run: what is found is told soon, and memory stays small


@dataclass(frozen=True)
class Found:
    """How many requests were made, and what Schemathesis says of them where it found something."""

    cases: int
    failures: str


def conform(root: Path, cases: int, seed: int = 0, phases: str = "examples,coverage,fuzzing") -> Found:
    """Ask the service of a project about so many times; in runs of other seeds where these are many."""
    service = pipeline.run(root, engine="process")
    made, failures = 0, ""
    try:
        operations = _operations(root)
        while made < cases and not failures:
            share = min(SHARE, max(1, (cases - made) // operations))
            found = _run(service.url, share, seed, phases)
            made, failures, seed, phases = made + found.cases, found.failures, seed + 1, "fuzzing"
    finally:
        pipeline.stop(service)
    return Found(made, failures)


def _operations(root: Path) -> int:
    document = json.loads((root / "openapi.json").read_bytes())
    return sum(len(each) for each in document["paths"].values())


def _run(url: str, share: int, seed: int, phases: str) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = {
            "--phases": phases,
            "--checks": ",".join(CHECKS),
            "--max-examples": str(share),
            "--seed": str(seed),
            "--generation-database": "none",
            "--suppress-health-check": "all",
            "--report-json-path": str(report),
        }
        command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{url}/openapi.json", "--no-color"]
        command += [word for option in options.items() for word in option]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if not report.exists():
            return Found(0, done.stdout + done.stderr)
        cases = json.loads(report.read_bytes())["test_cases"]["generated"]
    return Found(cases, "" if done.returncode == 0 else done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(NOTEBOOKS.glob("*.ipynb")))
    parser.add_argument("--cases", type=int, default=5_500, help="requests to each service, about (default: 5,500)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    total, failed = 0, []
    for notebook in options.notebooks:
        with tempfile.TemporaryDirectory() as folder:
            root = run_notebook(notebook, directory=Path(folder) / notebook.stem).project.root
            found = conform(root, options.cases, options.seed)
        total += found.cases
        print(
            f"{notebook.stem}: {found.cases} requests, {'failures:' if found.failures else 'as described'}", flush=True
        )
        if found.failures:
            failed.append(notebook.stem)
            print(found.failures)
    print(f"{total} requests; " + (f"not as described: {', '.join(failed)}" if failed else "all as described"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
