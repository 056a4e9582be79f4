import right

from deep.part import part  # a namespace package: no __init__.py

NAME = "left"


def both():
    return [NAME, right.name(), part()]
