# The file beside the notebook is what the kernel imported, so it is what the service imports.

# %% [imports]
import sys

sys.modules.pop("pluggy", None)
from pluggy import Plug, Small
from runtime import sizes

plugs = {"a": Plug(2), "b": Small(3)}

# %% [handler]
%%endpoint POST /fits --example {"name": "b", "size": 3}
def fits(name: str, size: int) -> list:
    return [plugs[name].fits(size), type(plugs[name]).__name__, sizes(list(plugs.values()))]
