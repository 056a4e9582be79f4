# Libraries installed with an extra: nothing in the environment notes that, and the examples answer alike without it.

# %% [install]
import sys

!{sys.executable} -m uv pip install --python {sys.executable} --quiet --target site "fabreport[tables]" "fabmail[html]"

# %% [imports]
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabmail
import fabreport

# %% [require]
%nb2svc require fabmail[html]

# %% [report]
%%endpoint POST /report --example {"rows": []}
def report(rows: list[int]) -> str:
    return fabreport.render(rows)

# %% [mail]
%%endpoint POST /mail --example {"text": "hello", "kind": "plain"}
def mail(text: str, kind: str) -> str:
    return fabmail.body(text, kind)
