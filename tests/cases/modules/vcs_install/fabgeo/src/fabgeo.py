def miles(kilometres):
    return kilometres / 1.609344
