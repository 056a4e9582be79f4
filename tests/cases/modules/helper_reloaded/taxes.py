RATE = 2
NAMES = {"a": [1, 2]}


def old(net):
    return net


class Tax:
    """What the state takes."""

    share = 3

    def of(self, net):
        """Documented
        over two lines."""
        return net * RATE * self.share

    @property
    def name(self):
        return "tax"


def of(net, rate=RATE):
    return [Tax().of(one) for one in (net, net + 1)]
