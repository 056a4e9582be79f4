def gross(net):
    return net * 2
