import __main__


def old():
    import legacy

    return legacy, __main__
