# A package installed by pip from a tag of a repository: the service gets the files of that commit.

# %% [repository]
import subprocess
from pathlib import Path

def git(*arguments):
    identity = ["-c", "user.name=case", "-c", "user.email=case@example.org"]
    subprocess.run(["git", *identity, "-C", "fabgeo", *arguments], check=True, capture_output=True)

git("init", "--quiet")
git("add", ".")
git("commit", "--quiet", "-m", "statute miles")
git("tag", "v1.0")

# %% [install]
repository = "git+" + Path("fabgeo").resolve().as_uri()
%pip install --quiet --no-index --no-build-isolation --target site {repository}@v1.0

# %% [moved-on]
source = Path("fabgeo/src/fabgeo.py")
_ = source.write_text(source.read_text().replace("1.609344", "1.852"))
git("commit", "--quiet", "-am", "nautical miles")

# %% [imports]
import sys

sys.path.insert(0, str(Path("site").resolve()))
import fabgeo as geo

# %% [handler]
%%endpoint POST /miles --example {"kilometres": 10.0}
def miles(kilometres: float) -> float:
    return round(geo.miles(kilometres), 6)
