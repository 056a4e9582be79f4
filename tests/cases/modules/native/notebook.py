# An extension module was copied beside the notebook: no version of it can be frozen, and it is built for this machine.

# %% [copy]
import shutil
from pathlib import Path

import tornado

_ = shutil.copy(next(Path(tornado.__file__).parent.glob("speedups*.so")), ".")

# %% [imports]
import speedups

# %% [handler]
%%endpoint POST /mask --example {"text": "abc"}
def mask(text: str) -> str:
    return speedups.websocket_mask(b"\0\0\0\0", text.encode()).decode()
