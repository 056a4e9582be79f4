# The class of a served model was edited after the model was made, and the model was not made again.

# %% [class]
class Scale:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, rows):
        return [row * self.factor for row in rows]

# %% [make]
model = Scale(2)

# %% [class]
class Scale:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, rows):
        return [row * self.factor + 1 for row in rows]

# %% [model]
%%serve_model model --example [1, 2]
pass

# %% [handler]
%%endpoint --example {"x": 3}
def compared(x):
    return [model.predict([x]), Scale(2).predict([x])]
