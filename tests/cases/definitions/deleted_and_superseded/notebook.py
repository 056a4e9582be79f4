# Cells were deleted or replaced, and what they made is still in use.

# %% [clean]
def clean(text):
    return text.strip()

# %% [alias]
clean_before = clean
cleaners = {"first": clean}

# %% [clean]
def clean(text):
    return text.strip().lower()

# %% [suffix]
def with_suffix(text):
    return text + SUFFIX

SUFFIX = "!"

# %% [word]
class Word:
    def __init__(self, text):
        self.text = text

    def __len__(self):
        return len(self.text)

# %% [gone]
%%endpoint GET /gone --example {}
def gone():
    return 1

# %% [more] deletes suffix word gone
cleaners["second"] = clean

# %% [handler]
%%endpoint --example {"text": "  Ada "}
def cleaned(text: str) -> dict:
    return {
        "now": clean(text),
        "before": clean_before(text),
        "both": [one(text) for one in cleaners.values()],
        "same": cleaners["second"] is clean,
        "suffix": with_suffix(text),
        "length": len(Word(text)),
    }
