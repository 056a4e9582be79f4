# A class statement in a loop makes another class each time; only its source is one.

# %% [while]
makers = []
while len(makers) < 2:
    class Maker:
        number = len(makers)

        def make(self):
            return self.number

    makers.append(Maker)

# %% [made]
%%endpoint --example {"x": 4.0}
def made(x: float) -> list:
    return [maker().make() for maker in makers]
