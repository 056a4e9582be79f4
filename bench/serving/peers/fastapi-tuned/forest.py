"""A flower a request, by someone who knows where the time goes: no thread a request, no second
validation of the answer.
"""

import os

import joblib
import numpy as np
import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Flower(BaseModel):
    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float


@app.post("/predict")
async def predict(flower: Flower) -> Response:
    row = np.array([[flower.sepal_length, flower.sepal_width, flower.petal_length, flower.petal_width]])
    answer = {"probabilities": model.predict_proba(row)[0]}
    return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
