# PyTorch: a module of a class of the notebook, read back by the restricted unpickler; served, and in a handler.

# %% [net]
import torch
from torch import nn
from torch.nn.functional import gelu

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, hidden, labels):
        super().__init__()
        self.first, self.last = nn.Linear(3, hidden), nn.Linear(hidden, len(labels))
        self.norm, self.drop, self.activation = nn.BatchNorm1d(hidden), nn.Dropout(0.5), gelu
        self.register_buffer("scale", torch.tensor(2.0), persistent=False)
        self.labels = labels

    def forward(self, rows):
        return self.last(self.drop(self.activation(self.norm(self.first(rows)))) * self.scale)

    def predict(self, rows):
        with torch.no_grad():
            best = self(torch.tensor(rows, dtype=torch.float32)).argmax(1)
        return [self.labels[index] for index in best]


net = Net(8, ["cat", "dog"]).eval()

# %% [served]
%%serve_model net --example [[0.1, 0.2, 0.3], [3.0, 2.0, 1.0]]
net

# %% [layers]
plain = nn.Sequential(nn.Linear(2, 2), nn.ReLU())

# %% [scores]
%%endpoint --example {"rows": [[1, 2], [3, 4]]}
def scores(rows: list[list[float]]) -> dict:
    with torch.no_grad():
        return {"scores": plain(torch.tensor(rows)).tolist(), "training": net.training, "scale": float(net.scale)}
