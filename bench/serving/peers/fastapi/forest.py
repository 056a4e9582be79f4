"""A flower a request, as most write it."""

import os

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Flower(BaseModel):
    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float


class Prediction(BaseModel):
    probabilities: list[float]


@app.post("/predict")
def predict(flower: Flower) -> Prediction:
    row = [flower.sepal_length, flower.sepal_width, flower.petal_length, flower.petal_width]
    return Prediction(probabilities=model.predict_proba([row])[0].tolist())
