# A function of a library module was replaced: everybody who looks it up there gets the notebook's.

# %% [patch]
import textwrap

original = textwrap.shorten

def shorten(text, width, **options):
    return original(text, width, placeholder="…")

textwrap.shorten = shorten

# %% [handler]
%%endpoint --example {"text": "one two three four"}
def shortened(text: str) -> str:
    return textwrap.shorten(text, 10)
