"""A matrix a request."""

import os

import joblib
from flask import Flask, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])


@app.post("/predict")
def predict():
    return {"outputs": model.predict(request.get_json()["inputs"]).tolist()}
