# A helper package reads its data by importlib.resources: one file, all files of a folder, a path, a package without code.

# %% [imports]
from lexicon import read

# %% [handler]
%%endpoint POST /look --example {"language": "en"}
def look(language: str) -> dict:
    return {
        "prices": read.prices(),
        "languages": read.languages(),
        "word": read.word(language),
        "magic": read.magic(),
        "deep": read.deep(),
    }
