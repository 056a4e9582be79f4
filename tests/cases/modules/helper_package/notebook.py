# A package beside the notebook imports its own parts in every way, and reads its own data files in every way.

# %% [imports]
from features import describe
from features.text import STOP

# %% [handler]
%%endpoint POST /describe --example {"text": "The Rose", "lang": "en"} --example {"text": "die Rose", "lang": "de"}
def handle(text: str, lang: str) -> dict:
    return {**describe(text, lang), "stop": sorted(STOP)}
