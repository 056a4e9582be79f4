# The order of texts in a set, and hash() of a text, are other ones in every process: both are told.

# %% [words]
STOP = {"a", "the", "of"}

def distinct(text: str) -> list[str]:
    return list(set(text.split()))

# %% [handler]
%%endpoint --example {"text": "cat"}
def words(text: str, every: bool = False):
    known = [word for word in STOP] if every else sorted(STOP)
    rest = sorted(distinct(text), key=hash) if every else []
    return {"known": known, "bucket": hash(text) % 8 if every else 0, "is_word": text not in STOP, "rest": rest}
