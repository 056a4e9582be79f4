"""A customer a request, by someone who knows where the time goes: the frame's columns are given,
not inferred from rows.
"""

import os

import joblib
import orjson
import pandas as pd
from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Customer(BaseModel):
    age: int
    income: float
    visits: int
    city: str
    plan: str


@app.post("/predict")
async def predict(customer: Customer) -> Response:
    row = pd.DataFrame({name: [value] for name, value in customer})
    answer = {"probabilities": model.predict_proba(row)[0]}
    return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
