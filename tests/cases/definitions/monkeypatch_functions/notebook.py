# A function of a library module was replaced, and a setting of a library changed.

# %% [patch]
import json
import textwrap

original = textwrap.shorten

def shorten(text, width, **options):
    return original(text, width, placeholder="…")

textwrap.shorten = shorten
json.our_setting = 3

# %% [handler]
%%endpoint --example {"text": "one two three four"}
def shortened(text: str) -> list:
    return [textwrap.shorten(text, 10), json.our_setting]
