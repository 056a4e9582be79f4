# A package in development, installed by pip install -e: the service gets a wheel of its folder as it is now.

# %% [repository]
import subprocess

def git(*arguments):
    identity = ["-c", "user.name=case", "-c", "user.email=case@example.org"]
    subprocess.run(["git", *identity, "-C", "fabshop", *arguments], check=True, capture_output=True)

git("init", "--quiet")
git("add", ".")
git("commit", "--quiet", "-m", "as it was")

# %% [edit]
from pathlib import Path

rates = Path("fabshop/src/fabshop/rates.txt")
_ = rates.write_text(rates.read_text().replace("1.2", "1.25"))

# %% [install]
%pip install --quiet --no-index --no-build-isolation --prefix environment --editable ./fabshop

# %% [restart]
import site

for folder in Path("environment").resolve().rglob("site-packages"):
    site.addsitedir(folder)

# %% [imports]
from fabshop import gross

# %% [handler]
%%endpoint POST /gross --example {"net": 10.1, "country": "fr"}
def handler(net: float, country: str) -> float:
    return gross(net, country)
