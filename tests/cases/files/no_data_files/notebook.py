# The handler writes and reads files of its own, looks for one that may be there, and uses what packages and the system have.

# %% [handler]
%%endpoint POST /shape --example {"text": "a,b"}
import mimetypes
import tempfile
import zoneinfo
from datetime import datetime
from pathlib import Path

from sklearn.datasets import load_iris

def shape(text: str) -> list:
    try:
        options = Path("options.json").read_text()
    except FileNotFoundError:
        options = "none"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "x.csv")
        place.write_text(text)
        again = place.read_text()
    berlin = datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).isoformat()
    return [list(load_iris().data.shape), again, options, mimetypes.guess_type("x.csv")[0], berlin]
