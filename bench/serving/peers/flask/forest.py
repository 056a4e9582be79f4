"""A flower a request."""

import os

import joblib
from flask import Flask, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


@app.post("/predict")
def predict():
    flower = request.get_json()
    return {"probabilities": model.predict_proba([[flower[name] for name in NAMES]])[0].tolist()}
