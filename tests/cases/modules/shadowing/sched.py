def invert(x):
    return -x
