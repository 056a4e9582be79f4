class Station:
    def __init__(self, name):
        self.name = name
        self.calls = 0

    def __reduce_ex__(self, protocol):
        return Station, (self.name,)
