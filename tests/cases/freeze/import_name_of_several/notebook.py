# OpenCV without windows: its distribution is none of those that an import name would suggest.

# %% [imports]
import cv2
import numpy as np

# %% [edges]
%%endpoint POST /blurred --example {"pixels": [[0, 0, 0], [0, 255, 0], [0, 0, 0]]}
def blurred(pixels: list[list[int]]):
    return cv2.GaussianBlur(np.array(pixels, np.uint8), (3, 3), 0)
