"""A small project that starts fast, for looking at what a service tells about its requests."""

from __future__ import annotations

import shutil
from pathlib import Path

import nb2svc.runtime
from nb2svc.runtime import Manifest

MAIN = """
from service import notebook
from service.runtime import create_app, endpoint, model_routes

app = create_app()
app.include_router(model_routes("model", notebook.Model(), methods=["predict"]))
app.post("/predict")(endpoint(notebook.predict))
app.get("/near/{place}")(endpoint(notebook.near))
app.get("/parts")(endpoint(notebook.parts))
app.post("/raw")(endpoint(notebook.raw))
app.get("/broken")(endpoint(notebook.broken))
"""

NOTEBOOK = """
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response


class Model:
    def predict(self, rows):
        return [sum(row) for row in rows]


class Flower(BaseModel):
    values: list[float]


def predict(flower: Flower):
    return {"total": sum(flower.values)}


def near(place: str, docks: int = 1):
    return [place] * docks


def parts():
    yield "first "
    yield "last"


async def raw(request: Request):
    return Response(await request.body(), media_type="application/octet-stream")


def broken():
    raise ValueError("for the log only")
"""


def write_project(root: Path) -> Path:
    service = root / "service"
    half_written = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(Path(nb2svc.runtime.__file__).parent, service / "runtime", ignore=half_written)
    (service / "__init__.py").touch()
    (service / "__main__.py").write_text("from service.runtime.server import main\n\nraise SystemExit(main())\n")
    (service / "main.py").write_text(MAIN)
    (service / "notebook.py").write_text(NOTEBOOK)
    (root / "nb2svc.json").write_text(Manifest(name="iris", files={"a": "1"}).model_dump_json())
    return root
