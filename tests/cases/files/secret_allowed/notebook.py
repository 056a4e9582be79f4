# A random-looking constant is let through by a conscious act, which the manifest records; a real key stays here.

# %% [names]
import os

FINGERPRINT = "9f86d081884c7d659a2f" + "eaa0c55ad015a3bf4f1b"
WEATHER_API_KEY = os.environ["WEATHER_API_KEY"]

# %% [handler]
%%endpoint GET /print --example {}
def handler() -> list:
    return [FINGERPRINT, len(WEATHER_API_KEY)]
