FACTOR = 10


def scale(x):
    # tens
    return x * FACTOR


class Box:
    def __init__(self, size):
        self.size = size

    def volume(self):
        return self.size**3
