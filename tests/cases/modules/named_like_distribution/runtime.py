from pluggy import Plug


def sizes(plugs: list[Plug]):
    return [plug.size for plug in plugs]
