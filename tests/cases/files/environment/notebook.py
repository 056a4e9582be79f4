# Names in constants, under other names of os.environ, and in helper modules; an optional one counts where it is set.

# %% [names]
import os
from os import environ as env

import config

KEY = "CONSTANT_KEY"

# %% [handler]
%%endpoint GET /settings --example {}
def settings() -> list:
    here = os.environ
    return [
        os.environ["PLAIN"],
        os.environ[KEY],
        os.getenv("OPTIONAL_SET", "default"),
        os.environ.get("OPTIONAL_NOT_SET", "default"),
        env["UNDER_ALIAS"] + here["PLAIN"],
        config.setting(),
    ]
