RATES = {"de": 1.19}


def gross(net, country="de"):
    return round(net * RATES[country], 2)


class Basket:
    def total(self, items):
        return sum(items)
