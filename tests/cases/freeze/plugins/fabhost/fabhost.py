from importlib.metadata import entry_points


def apply(net):
    for rule in entry_points(group="fabhost.rules"):
        net = rule.load()(net)
    return net
