"""Matrices, in batches of up to 64 of them (BentoML counts rows)."""

import os

import bentoml
import joblib
import numpy as np


@bentoml.service(workers=1, traffic={"timeout": 60})
class Service:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api(batchable=True, max_batch_size=64 * 500, max_latency_ms=10_000)
    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self.model.predict(inputs)
