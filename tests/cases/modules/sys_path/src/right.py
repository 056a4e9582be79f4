import left


def name():
    return f"right of {left.NAME}"
