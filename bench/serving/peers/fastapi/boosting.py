"""A matrix a request, as most write it."""

import os

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Rows(BaseModel):
    inputs: list[list[float]]


class Outputs(BaseModel):
    outputs: list[float]


@app.post("/predict")
def predict(rows: Rows) -> Outputs:
    return Outputs(outputs=model.predict(rows.inputs).tolist())
