# conda installs files without the metadata of Python's installers, too; no index has such a package.

# %% [imports]
import fabgraph

# %% [handler]
%%endpoint POST /edges --example {"text": "a-b-c"}
def edges(text: str) -> int:
    return fabgraph.edges(text)
