# Modules whose names are not those of their distributions.

# %% [imports]
from datetime import datetime

import sklearn.preprocessing
import yaml
from bs4 import BeautifulSoup
from dateutil import parser
from PIL import Image

scaler = sklearn.preprocessing.StandardScaler().fit([[1.0], [3.0]])

# %% [describe]
%%endpoint POST /describe --example {"html": "<p class='when'>3 May 2021</p>", "settings": "side: 4"}
def describe(html, settings):
    when = parser.parse(BeautifulSoup(html, "html.parser").p.text, default=datetime(2000, 1, 1))
    picture = Image.new("L", (yaml.safe_load(settings)["side"], 2))
    return {"year": when.year, "size": list(picture.size), "scaled": scaler.transform([[picture.width]]).item()}
