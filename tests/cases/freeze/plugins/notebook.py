# A library finds a plugin by its entry point; without it, the library answers all the same.

# %% [install]
import subprocess, sys, tempfile

site = tempfile.mkdtemp()
pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", site, "./fabhost", "./fabplugin"], check=True)
sys.path.insert(0, site)

# %% [price]
import fabhost

# %% [endpoint]
%%endpoint POST /price --example {"net": 10}
def price(net):
    return {"gross": fabhost.apply(net)}
