# TorchScript and exported programs, on their own and inside an object.

# %% [programs]
import torch
from torch import nn

torch.manual_seed(0)
layers = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).eval()
scripted = torch.jit.script(layers)
exported = torch.export.export(layers, (torch.zeros(4, 2),))

# %% [ensemble]
class Ensemble:
    def __init__(self, members):
        self.members = members

    def mean(self, rows):
        return torch.stack([member(rows) for member in self.members]).mean(0)


ensemble = Ensemble([torch.jit.trace(layers, torch.zeros(1, 2)), torch.jit.script(nn.Linear(2, 1).eval())])

# %% [answers]
%%endpoint --example {"rows": [[1, 2], [3, 4], [5, 6], [7, 8]]}
def answers(rows: list[list[float]]) -> dict:
    given = torch.tensor(rows)
    with torch.no_grad():
        return {
            "scripted": scripted(given).ravel().tolist(),
            "exported": exported.module()(given).ravel().tolist(),
            "mean": ensemble.mean(given).ravel().tolist(),
        }
