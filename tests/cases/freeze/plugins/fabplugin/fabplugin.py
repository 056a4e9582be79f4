def discount(net):
    return net * 0.9 if net > 100 else net
