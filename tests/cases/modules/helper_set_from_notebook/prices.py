RATE = 1.0


class Limits:
    most = 10


def gross(net):
    return min(net * RATE, Limits.most)
