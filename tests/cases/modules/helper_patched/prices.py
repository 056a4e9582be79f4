import json

RATE = 1.0


def gross(net):
    return json.loads(json.dumps(net * RATE))
