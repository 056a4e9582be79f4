# What cells set in the environment is what the service begins with; proxies and paths of this machine are not.

# %% [set]
import os

os.environ["REGION"] = "eu-\"west\""
os.environ.update({"TIMEZONE_OF_SHOP": "Asia/Tokyo"}, http_proxy="http://proxy.intern:3128")
os.environ.setdefault("CURRENCY", "CHF")
os.environ["TZ"] = "Asia/Tokyo"
os.environ["TEMPORARY"] = "1"
del os.environ["TEMPORARY"]

# %% [magic]
%env UNIT=kg
%env UNIT

# %% [zone]
import time

time.tzset()

# %% [handler]
%%endpoint GET /settings --example {}
def settings() -> list:
    names = ["REGION", "TIMEZONE_OF_SHOP", "CURRENCY", "UNIT"]
    return [os.environ["REGION"], *(os.environ[name] for name in names), time.strftime("%H", time.localtime(0))]
