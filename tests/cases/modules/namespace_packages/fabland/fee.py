from fabland.tax import tax


def fee(net):
    return tax(net) / 10
