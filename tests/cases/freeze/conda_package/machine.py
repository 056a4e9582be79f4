import json


def prepare(machine):
    environment = machine.own_environment()
    module = next(environment.glob("lib/python3*/site-packages")) / "fabgraph.py"
    module.write_text("def edges(text):\n    return text.count('-')\n")
    (environment / "conda-meta").mkdir()
    noted = {"name": "fab-graph-tool", "files": [str(module.relative_to(environment))]}
    (environment / "conda-meta" / "fab-graph-tool-2.1-py3_0.json").write_text(json.dumps(noted))
