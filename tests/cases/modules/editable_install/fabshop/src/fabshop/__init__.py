from importlib import resources

from .rounding import half_up

RATES = dict(line.split() for line in resources.files(__name__).joinpath("rates.txt").read_text().splitlines())


def gross(net, country):
    return half_up(net * float(RATES[country]))
