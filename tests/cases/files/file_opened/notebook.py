# No path stands in the code: which file is read shows when the example is answered.

# %% [handler]
%%endpoint GET /text/{lang} --example {"lang": "en"}
def handler(lang: str) -> str:
    return open("/".join(["texts", lang + ".txt"])).read()
