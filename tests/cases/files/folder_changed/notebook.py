# Files are where their paths lead from the notebook's folder of now: os.chdir changes what an included one is called.

# %% [folder]
import os
from pathlib import Path

Path("sub").mkdir()
Path("sub/words.txt").write_text("ada")
%nb2svc include sub/words.txt
os.chdir("sub")

# %% [handler]
%%endpoint --example {"every": false}
def words(every: bool) -> str:
    return Path("words.txt").read_text() if every else ""
