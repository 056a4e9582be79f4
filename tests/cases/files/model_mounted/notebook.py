# One model is mounted, with an object that shares parts with it; another one, and an object of its own, are in the image.

# %% [imports]
import numpy as np

class Nearest:
    def __init__(self, points):
        self.points = points

    def predict(self, rows):
        return [int(np.abs(self.points - row).argmin()) for row in np.asarray(rows)]

points = np.linspace(0, 1, 200_000)
names = {0: "first"}

# %% [mounted]
%%serve_model nearest --location mount --example [0.25, 0.5]
nearest = Nearest(points)

# %% [baked]
%%serve_model small --example [0.25, 0.5]
small = Nearest([0.0, 1.0])

# %% [handler]
%%endpoint --example {"x": 0.0}
def look(x: float) -> dict:
    found = nearest.predict([x])[0]
    return {"found": found, "name": names.get(found), "shared": nearest.points is points, "small": small.predict([x])[0]}
