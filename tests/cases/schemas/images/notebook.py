# A handler takes an image by its annotation, from an uploaded file or as the body; an image that it gives is a PNG.

# %% [imports]
import numpy as np
from PIL import Image

picture = Image.fromarray(np.arange(48, dtype="uint8").reshape(4, 4, 3))

# %% [brightness]
%%endpoint POST /brightness --example {"image": picture} --example {"image": picture.convert("L"), "scale": 2}
def brightness(image: Image.Image, scale: float = 1.0):
    return {"size": image.size, "mode": image.mode, "mean": np.asarray(image).mean() * scale}

# %% [turned]
%%endpoint POST /turned --example picture
def turned(image: "Image.Image"):
    return image.rotate(90)
