def half_up(amount):
    return int(amount * 100 + 0.5) / 100
