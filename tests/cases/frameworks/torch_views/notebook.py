# Views of one tensor, and the weights of a module held by another name: what is written to one is seen in the other.

# %% [tensors]
import torch

whole = torch.zeros(4)
parts = {"middle": whole[1:3], "all": whole.view(2, 2)}
layer = torch.nn.Linear(2, 1).eval()
weights = layer.weight.detach()

# %% [handler]
%%endpoint --example {"x": 0}
def written(x: int) -> list:
    parts["middle"][0] = x
    weights.fill_(x)
    return [whole.tolist(), parts["all"].tolist(), layer.weight.tolist()]
