"""Flowers, in batches of up to 64 that come within 5 ms."""

import os
import sys

import joblib
import litserve
import numpy as np

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class Forest(litserve.LitAPI):
    def setup(self, device):
        self.model = joblib.load(os.environ["MODEL"])

    def decode_request(self, request):
        return [request[name] for name in NAMES]

    def batch(self, inputs):
        return np.array(inputs)

    def predict(self, rows):
        return self.model.predict_proba(rows)

    def unbatch(self, output):
        return output.tolist()

    def encode_response(self, output):
        return {"probabilities": output}


if __name__ == "__main__":
    server = litserve.LitServer(Forest(max_batch_size=64, batch_timeout=0.005), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)
