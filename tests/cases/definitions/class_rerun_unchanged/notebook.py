# The cell of a class was run again, unchanged, after a model of it was fitted: there is one class, in both senses.

# %% [class]
class Center:
    def fit(self, rows):
        self.mean = sum(rows) / len(rows)
        return self

    def predict(self, rows):
        return [row - self.mean for row in rows]

# %% [fit]
center = Center().fit([1.0, 2.0, 6.0])

# %% [class]
class Center:
    def fit(self, rows):
        self.mean = sum(rows) / len(rows)
        return self

    def predict(self, rows):
        return [row - self.mean for row in rows]

# %% [model]
%%serve_model center --example [1.0, 2.0]
pass

# %% [handler]
%%endpoint --example {"x": 4.0}
def both(x):
    return [center.predict([x]), Center().fit([x, 0.0]).predict([x])]
