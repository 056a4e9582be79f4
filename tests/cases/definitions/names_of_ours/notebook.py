# The notebook has names that a framework, a template or a generated module could have as well.

# %% [names]
import json as os

app = "app"
service = 1
endpoint = lambda x: x + 1
schemas = [1]
main = {"a": 1}
notebook = ("n",)
__version__ = "1.2"
_hidden = 3
router = object
FastAPI = "no framework"

def load_model(name):
    return f"model {name}"

def load_object(name):
    return f"object {name}"

class Manifest:
    def load(self):
        return "manifest"

manifest = Manifest()

# %% [handler]
%%endpoint POST /create --example {"text": "a"}
def create_app(text: str) -> list:
    return [
        app, service, endpoint(1), schemas, main, notebook, __version__, _hidden, router is object, FastAPI,
        load_model(text), load_object(text), manifest.load(), os.dumps(text),
    ]

# %% [other]
%%endpoint GET /lifespan --example {}
def lifespan() -> str:
    return app
