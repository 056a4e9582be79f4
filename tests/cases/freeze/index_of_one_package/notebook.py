# The index of one package alone, as PyTorch's builds for the CPU have one.

# %% [install]
import sys

!{sys.executable} -m uv pip install --python {sys.executable} --quiet --target site --requirements pyproject.toml

# %% [imports]
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabtensor

# %% [handler]
%%endpoint GET /device --example {}
def device() -> str:
    return fabtensor.DEVICE
