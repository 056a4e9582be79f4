"""A customer a request."""

import os

import joblib
import pandas as pd
from flask import Flask, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])


@app.post("/predict")
def predict():
    row = pd.DataFrame([request.get_json()])
    return {"probabilities": model.predict_proba(row)[0].tolist()}
