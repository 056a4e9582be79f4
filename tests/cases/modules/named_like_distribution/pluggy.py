class Plug:
    def __init__(self, size):
        self.size = size

    def fits(self, other):
        return self.size == other


class Small(Plug):
    pass
