"""Matrices, in batches of up to 64 that come within 5 ms."""

import os
import sys

import joblib
import litserve
import numpy as np


class Boosting(litserve.LitAPI):
    def setup(self, device):
        self.model = joblib.load(os.environ["MODEL"])

    def decode_request(self, request):
        return np.array(request["inputs"])

    def batch(self, inputs):
        self.ends = np.cumsum([len(rows) for rows in inputs])[:-1]
        return np.concatenate(inputs)

    def predict(self, rows):
        return self.model.predict(rows)

    def unbatch(self, output):
        return [part.tolist() for part in np.split(output, self.ends)]

    def encode_response(self, output):
        return {"outputs": output}


if __name__ == "__main__":
    api = Boosting(max_batch_size=64, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)
