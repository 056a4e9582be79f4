"""The pictures of README and docs, taken anew: ``.venv/bin/python dev/screenshots.py``.

Starts a real JupyterLab on loopback with settings of its own, drives Debian's Chromium through it, runs the cells
of README's tour (and a cell that is refused) and writes docs/images/*.png. ``--dark --to FOLDER`` shows how the cards
look in the dark theme. Look at what it wrote before it is committed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
WINDOW = {"width": 1280, "height": 822}
TALL = {"width": 1280, "height": 4000}  # the notebook scrolls by itself: only what its window shows can be taken
LARGEST = 200_000  # bytes of one picture
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

REFUSED = (
    "%load_ext nb2svc",
    'import sqlite3\n\norders = sqlite3.connect("orders.db", check_same_thread=False)',
    (
        "%%endpoint GET /orders/count --example {}\ndef how_many() -> int:\n"
        '    """Orders so far."""\n    return orders.execute("select count(*) from orders").fetchone()[0]'
    ),
)


def tour() -> list[str]:
    """The cells of README's tour, but for the one that leaves a service running."""
    cells = re.findall(r"^```python\n(.*?)\n```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [cell for cell in cells if not cell.startswith("%nb2svc run")]


def write_notebook(path: Path, sources: Iterable[str]) -> None:
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [new_code_cell(source) for source in sources]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


# --- JupyterLab ---------------------------------------------------------------------------------


@contextmanager
def jupyterlab(folder: Path, *, dark: bool) -> Iterator[str]:
    """A JupyterLab that serves ``folder`` to this machine only; its URL. It knows nothing of the user's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="nb2svc-lab-") as own:
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
            "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
        ]  # fmt: skip
        with (
            Path(own, "lab.log").open("w+") as log,
            subprocess.Popen(command, env=_environment(Path(own), dark), stdout=log, stderr=log) as server,
        ):
            try:
                _wait_for(f"http://127.0.0.1:{port}/api", server, Path(own, "lab.log"))
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()


def _environment(own: Path, dark: bool) -> dict[str, str]:
    # Not XDG_CONFIG_HOME: pip's and uv's settings lie there, and an export needs the user's package index.
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR")
    environment = {name: str(own / name.lower()) for name in (*folders, "JUPYTERLAB_WORKSPACES_DIR")}
    settings: dict[str, dict[str, Any]] = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "apputils-extension/themes": {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"},
        "notebook-extension/tracker": {"windowingMode": "none", "codeCellConfig": {"lineWrap": True}},
    }
    for name, values in settings.items():
        path = own / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, **environment, "PATH": path}


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
            return
        time.sleep(0.2)
    sys.exit(f"JupyterLab did not start:\n{log.read_text()}")


# --- the browser --------------------------------------------------------------------------------


@contextmanager
def chromium() -> Iterator[Page]:
    """A page of Debian's Chromium, sharp enough for screens of twice the density."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium")
    if found is None:
        sys.exit("There is no chromium on PATH; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM)
        try:
            yield browser.new_context(viewport=WINDOW, device_scale_factor=2).new_page()
        finally:
            browser.close()


def run_notebook(page: Page, url: str, name: str) -> None:
    """Open a notebook in a window of its own, run all its cells and wait for the last."""
    page.goto(f"{url}/doc/tree/{name}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(
        "() => jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'", timeout=60_000
    )
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function("() => document.querySelectorAll('.jp-mod-running').length === 0")
    page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0 }")
    page.evaluate("() => document.fonts.ready")


def cell_of(page: Page, text: str) -> Any:
    """The code cell whose source holds ``text``."""
    return page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first


def take_cells(page: Page, name: str, first: str, last: str, folder: Path) -> None:
    """A picture of the cells from the one with ``first`` to the one with ``last``, and of all between them."""
    page.set_viewport_size(TALL)
    page.mouse.move(0, 0)
    page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
    page.wait_for_timeout(300)  # for CodeMirror to lay its lines out anew
    boxes = [cell_of(page, text).bounding_box() for text in (first, last)]
    top, bottom = boxes[0]["y"] - 3, boxes[1]["y"] + boxes[1]["height"] + 3
    clip = {"x": boxes[0]["x"], "y": top, "width": boxes[0]["width"], "height": bottom - top}
    save(page.screenshot(clip=clip), folder / f"{name}.png")


def take_window(page: Page, name: str, folder: Path) -> None:
    """A picture of the whole window, from the first cell on."""
    page.set_viewport_size(WINDOW)
    page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    save(page.screenshot(), folder / f"{name}.png")


def save(png: bytes, path: Path) -> None:
    """With as many colours as it takes to stay small."""
    from PIL import Image

    picture = Image.open(BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path}  {picture.width} × {picture.height}, {size / 1000:.0f} kB")
    if size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST / 1000:.0f} kB: show less")


# --- the pictures -------------------------------------------------------------------------------


def take_all(page: Page, url: str, folder: Path) -> None:
    run_notebook(page, url, "petals.ipynb")
    take_window(page, "notebook", folder)
    page.locator(".nb2svc-report details").first.evaluate("details => { details.open = true }")
    take_cells(page, "report", "%nb2svc export", "%nb2svc test", folder)
    page = page.context.new_page()
    run_notebook(page, url, "orders.ipynb")
    take_cells(page, "refused", "orders = sqlite3", "%%endpoint", folder)


@contextmanager
def notebooks() -> Iterator[Path]:
    """A folder with the notebooks, of a plain name where that is free: a picture shows its path."""
    folder = Path(tempfile.gettempdir(), "notebooks")
    try:
        folder.mkdir()
    except FileExistsError:
        folder = Path(tempfile.mkdtemp(prefix="notebooks-"))
    try:
        write_notebook(folder / "petals.ipynb", tour())
        write_notebook(folder / "orders.ipynb", REFUSED)
        yield folder
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=IMAGES, metavar="FOLDER", help="where the pictures go")
    parser.add_argument("--dark", action="store_true", help="in JupyterLab's dark theme")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with notebooks() as folder, jupyterlab(folder, dark=options.dark) as url, chromium() as page:
        take_all(page, url, options.to)


if __name__ == "__main__":
    main()
