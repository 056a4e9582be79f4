"""Customers, in batches of up to 64. As lists: a batch of data frames fails in BentoML 1.4.40."""

import os
from typing import Any

import bentoml
import joblib
import numpy as np
import pandas as pd


@bentoml.service(workers=1, traffic={"timeout": 60})
class Service:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=10_000)
    def predict(self, inputs: list[dict[str, Any]]) -> np.ndarray:
        return self.model.predict_proba(pd.DataFrame(inputs))
