"""A customer a request, as most write it."""

import os

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


class Customer(BaseModel):
    age: int
    income: float
    visits: int
    city: str
    plan: str


class Score(BaseModel):
    probabilities: list[float]


@app.post("/predict")
def predict(customer: Customer) -> Score:
    row = pd.DataFrame([customer.model_dump()])
    return Score(probabilities=model.predict_proba(row)[0].tolist())
