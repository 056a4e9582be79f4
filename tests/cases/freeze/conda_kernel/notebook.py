# A notebook in an environment of conda.

# %% [imports]
import sys
from pathlib import Path

import yaml

assert Path(yaml.__file__).is_relative_to(sys.prefix) and Path(sys.prefix, "conda-meta").is_dir()

# %% [handler]
%%endpoint POST /size --example {"settings": "side: 4"}
def size(settings: str) -> int:
    return yaml.load(settings, Loader=yaml.CSafeLoader)["side"]
