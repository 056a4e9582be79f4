"""A small service made by hand: a real scikit-learn model, handlers of each kind, a shared object, a helper module."""

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path

import joblib
import pytest

from nb2svc.values import (
    Artifact,
    Closure,
    Definition,
    Distribution,
    EndpointSpec,
    Example,
    HelperModule,
    LiveObjects,
    Lock,
    ModelSpec,
    ServiceSpec,
    StartupSpec,
    Where,
)

NOTEBOOK = "iris.ipynb"
FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")

FLOWER = '''class Flower(BaseModel):
    """One measured flower."""

    sepal_length: float  # cm
    sepal_width: float
    petal_length: float
    petal_width: float'''

PREDICT = """def predict(flower: Flower) -> Prediction:
    # the model knows columns, the caller knows names
    proba = model.predict_proba([[flower.sepal_length,flower.sepal_width , flower.petal_length,flower.petal_width]])[0]
    return Prediction(species = SPECIES[proba.argmax()], confidence=float(proba.max()))"""

LABEL = """def label(word, times=1):
    return {'word': shout(word) * times, 'known': word in vocabulary, 'calls': CALLS}"""

STARTUP = """def startup():
    global CALLS
    CALLS = len(vocabulary)"""

SCHEMAS = '''"""Request bodies of handlers without annotations, inferred from their examples."""

from typing_extensions import NotRequired, TypedDict


class LabelBody(TypedDict):
    word: str
    times: NotRequired[int]
'''


def where(cell: int, name: str = "") -> Where:
    return Where(notebook=NOTEBOOK, cell=cell, name=name)


def artifact(staged: Path, path: str, format_: str, type_: str, why: str) -> Artifact:
    content = staged.read_bytes()
    return Artifact(
        path=path,
        format=format_,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        type=type_,
        why=why,
        staged=staged,
    )


@pytest.fixture(scope="session")
def fitted():
    """A classifier fitted on iris, deterministic."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = load_iris()
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(data.data, data.target)


@pytest.fixture(scope="session")
def spec(fitted, tmp_path_factory) -> ServiceSpec:
    staging = tmp_path_factory.mktemp("staging")
    joblib.dump(fitted, staging / "model.joblib", protocol=5)
    (staging / "state.pkl").write_bytes(pickle.dumps({"vocabulary": {"rose", "iris"}}, protocol=5))
    (staging / "names.csv").write_text("name\nsetosa\n")
    row = [5.1, 3.5, 1.4, 0.2]
    proba = fitted.predict_proba([row])[0]
    flower = dict(zip(FEATURES, row, strict=True))
    species = ["setosa", "versicolor", "virginica"]
    return ServiceSpec(
        name="iris",
        python="3.11",
        notebook=NOTEBOOK,
        notebook_sha256="0" * 64,
        description="Tells irises apart",
        models=(
            ModelSpec(
                name="model",
                public="model",
                methods=("predict", "predict_proba"),
                artifact=artifact(
                    staging / "model.joblib",
                    "models/model.joblib",
                    "joblib",
                    "sklearn.pipeline.Pipeline",
                    'the model served as "model"',
                ),
                features=FEATURES,
                where=where(3, "model"),
            ),
        ),
        endpoints=(
            EndpointSpec(name="predict", handler="predict", method="POST", path="/predict", where=where(5, "predict")),
            EndpointSpec(
                name="label",
                handler="label",
                method="POST",
                path="/label",
                status=201,
                timeout=5.0,
                body="LabelBody",
                spread=True,
                where=where(6, "label"),
            ),
        ),
        startup=(StartupSpec(handler="startup", where=where(4)),),
        examples=(
            Example(
                name="model-predict-1",
                endpoint="model",
                request={"method": "POST", "path": "/models/model/predict", "json": {"inputs": [row, row]}},
                response={"status": 200, "content_type": "application/json", "json": {"outputs": [0, 0]}},
                where=where(3, "model"),
            ),
            Example(
                name="predict-1",
                endpoint="predict",
                request={"method": "POST", "path": "/predict", "json": flower},
                response={
                    "status": 200,
                    "content_type": "application/json",
                    "json": {"species": species[proba.argmax()], "confidence": float(proba.max())},
                },
                where=where(5, "predict"),
            ),
            Example(
                name="label-1",
                endpoint="label",
                request={"method": "POST", "path": "/label", "json": {"word": "it's a rose", "times": 2}},
                response={
                    "status": 201,
                    "content_type": "application/json",
                    "json": {"word": "IT'S A ROSE!IT'S A ROSE!", "known": False, "calls": 2},
                },
                where=where(6, "label"),
            ),
        ),
        closure=Closure(
            imports=("from pydantic import BaseModel", "from speech import shout", "import os"),
            modules=("pydantic", "sklearn"),
            definitions=(
                Definition(name="SPECIES", kind="constant", source=f"SPECIES = {species!r}", where=where(1, "SPECIES")),
                Definition(name="REGION", kind="environment", source='REGION = os.environ["REGION"]', where=where(1)),
                Definition(name="model", kind="model", source='model = load_model("model")', where=where(3, "model")),
                Definition(
                    name="vocabulary",
                    kind="object",
                    source='vocabulary = load_object("vocabulary")',
                    where=where(2, "vocabulary"),
                ),
                Definition(name="Flower", kind="class", source=FLOWER, where=where(2, "Flower")),
                Definition(
                    name="Prediction",
                    kind="class",
                    source="class Prediction(BaseModel):\n    species: str\n    confidence: float",
                    where=where(2, "Prediction"),
                ),
                Definition(name="startup", kind="startup", source=STARTUP, where=where(4)),
                Definition(name="predict", kind="function", source=PREDICT, where=where(5, "predict")),
                Definition(name="label", kind="function", source=LABEL, where=where(6, "label")),
            ),
            helpers=(
                HelperModule(
                    name="speech",
                    path="lib/speech.py",
                    source=b"def shout(text):\n    return text.upper() + '!'\n",
                    where=where(1, "speech"),
                ),
            ),
            objects=(
                LiveObjects(
                    names=("vocabulary",),
                    artifact=artifact(
                        staging / "state.pkl", "models/vocabulary.pkl", "pickle", "dict", "vocabulary, used by label"
                    ),
                ),
            ),
            files=(("data/names.csv", staging / "names.csv"),),
            environment=("REGION",),
        ),
        schemas=SCHEMAS,
    )


THIRD = """def third(n: float) -> dict[str, float]:
    return {"third": n / 3}"""


@pytest.fixture(scope="session")
def light(spec) -> ServiceSpec:
    """The same service without its model, so that importing it costs no scikit-learn."""
    kept = [one for one in spec.closure.definitions if one.name not in {"model", "predict"}]
    third = Definition(name="third", kind="function", source=THIRD, where=where(7, "third"))
    endpoint = EndpointSpec(name="third", handler="third", method="GET", path="/third", where=where(7, "third"))
    return replace(
        spec,
        models=(),
        endpoints=(spec.endpoints[1], endpoint),
        examples=(
            spec.examples[2],
            Example(
                name="third-1",
                endpoint="third",
                request={"method": "GET", "path": "/third?n=1"},
                response={"status": 200, "content_type": "application/json", "json": {"third": 1 / 3}},
            ),
        ),
        closure=replace(spec.closure, definitions=(*kept, third)),
    )


@pytest.fixture(scope="session")
def lock() -> Lock:
    return Lock(
        python="3.11",
        platform="linux/amd64",
        distributions=(
            Distribution(name="pydantic", version="2.12.0", root=True, why="imported by Flower"),
            Distribution(name="scikit-learn", version="1.5.0", root=True, why="models/model.joblib"),
        ),
        requirements_in="# models/model.joblib\nscikit-learn==1.5.0\n",
        requirements_txt="scikit-learn==1.5.0 \\\n    --hash=sha256:" + "ab12cd34" * 8 + "\n",
    )


@pytest.fixture
def with_definition(light):
    """The light service with one more definition at its end."""

    def add(name: str, source: str, kind: str = "constant") -> ServiceSpec:
        definition = Definition(name=name, kind=kind, source=source, where=where(9, name))
        closure = replace(light.closure, definitions=(*light.closure.definitions, definition))
        return replace(light, closure=closure)

    return add


@pytest.fixture
def snapshot():
    """path → bytes of every file below a folder."""

    def take(root: Path) -> dict[str, bytes]:
        return {
            path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
        }

    return take


@pytest.fixture
def manifest_in():
    def read(root: Path) -> dict:
        return json.loads((root / "nb2svc.json").read_text("utf-8"))

    return read
