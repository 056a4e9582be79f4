def duty(net):
    return net * 0.5
