# Images of 2 x 3 numbers, and integer rows: the shape behind the first dimension is the example's.

# %% [model]
import numpy as np
from sklearn.tree import DecisionTreeClassifier

class Brightness:
    def predict(self, images):
        return images.mean(axis=(1, 2))

X = np.array([[0, 1], [1, 0], [5, 5], [6, 4]])

# %% [images]
%%serve_model bright --example np.linspace(0, 1, 12, dtype="float32").reshape(2, 2, 3)
bright = Brightness()

# %% [tree]
%%serve_model tree --example X[:2]
tree = DecisionTreeClassifier(random_state=0).fit(X, ["small", "small", "large", "large"])
