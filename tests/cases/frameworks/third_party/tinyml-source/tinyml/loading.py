"""What the service calls; it needs no nb2svc."""

import json

from tinyml import Line


def load(source, options):
    """`source` is the open file, or the folder's path where the adapter wrote several."""
    if options["version"] != 1:
        raise ValueError("this line was written by a later tinyml")
    return Line(*json.load(source))
