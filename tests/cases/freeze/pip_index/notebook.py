# A package installed by pip, from where pip.conf says; the service is installed by uv, which reads no pip.conf.

# %% [install]
%pip install --quiet --target site --no-deps fabscore

# %% [imports]
import sys
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabscore

# %% [handler]
%%endpoint POST /score --example {"points": 3}
def score(points: int) -> int:
    return points * fabscore.SCALE
