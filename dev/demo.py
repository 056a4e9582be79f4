"""``make demo``: the main job on a real notebook, by the very commands that a person would type.

Exports example_notebooks/iris.ipynb to .demo/iris, builds its image and runs it in Docker where an engine answers
(else in a process, from the same lock), replays the notebook's examples, and asks it once more with curl's request.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = Path("example_notebooks/iris.ipynb")
PROJECT = Path(".demo/iris")
IMAGE = "nb2svc-demo-iris:latest"
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def say(text: str) -> None:
    print(f"\n{BOLD}{text}{PLAIN}", flush=True)


def nb2svc(*words: object, capture: bool = False, may_fail: bool = False) -> str | None:
    """Run a command of ours, shown as it would be typed. Its output, if asked for; None where it may and did fail."""
    command = [str(word) for word in words]
    print(f"{DIM}${PLAIN} nb2svc {shlex.join(command)}", flush=True)
    program = Path(sys.executable).parent / "nb2svc"
    done = subprocess.run(
        [program, *command], cwd=ROOT, text=True, stdout=subprocess.PIPE if capture else None, check=False
    )
    if done.returncode and not may_fail:
        sys.exit(done.returncode)
    return None if done.returncode else done.stdout or ""


def engine() -> tuple[str, str]:
    """What will run the service, and why."""
    from nb2svc.engine import get
    from nb2svc.errors import Nb2svcError
    from nb2svc.image.client import find_builder

    try:
        get("docker")
        find_builder()
    except Nb2svcError as error:
        return "process", error.message.rstrip(".")
    return "docker", "a Docker engine answers"


def image() -> str | None:
    """Build the image; None where this machine cannot (no base image to be had, say)."""
    return None if nb2svc("build", PROJECT, "-t", IMAGE, may_fail=True) is None else IMAGE


def ask(url: str) -> None:
    """Send the first recorded request of the handler, and show the line that does the same."""
    example = json.loads((ROOT / PROJECT / "examples" / "predict-1.json").read_text())
    body = json.dumps(example["request"]["json"])
    address = url + example["request"]["path"]
    print(f"{DIM}${PLAIN} curl {address} -H 'content-type: application/json' -d {shlex.quote(body)}")
    request = urllib.request.Request(address, body.encode(), {"content-type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        print(answer.read().decode())


def main() -> None:
    os.chdir(ROOT)
    say("1. Run the notebook in a fresh kernel and export what it marks")
    nb2svc("export", NOTEBOOK, "-o", PROJECT)
    runs_in, why = engine()
    target: str | Path = PROJECT
    if runs_in == "docker":
        say("2. Build the image")
        built = image()
        if built is None:
            runs_in, why = "process", "the image could not be built here (see above)"
        else:
            target = built
    say(f"3. Test it in {'Docker' if runs_in == 'docker' else 'a process of its own'} ({why})")
    nb2svc("test", target, "--engine", runs_in)
    say("4. Run it and ask")
    service = json.loads(nb2svc("run", target, "--engine", runs_in, "--detach", "--json", capture=True) or "{}")
    try:
        ask(service["url"])
    finally:
        nb2svc("stop", service["name"])
    say("Next")
    shell = "" if shutil.which("nb2svc") else f"{Path(sys.executable).parent.relative_to(ROOT)}/"
    print(f"  {shell}nb2svc run {target}              serve it until Ctrl-C; its documentation is at /docs")
    print(f"  less {PROJECT}/service/main.py       read what was exported; {PROJECT}/README.md says more")
    print(f"  {shell}jupyter lab example_notebooks    change a handler, run its cell, and see its card")


if __name__ == "__main__":
    main()
