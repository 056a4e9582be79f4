# Structured, masked, sparse, empty and memory-mapped arrays, frames with every kind of column, fitted encoders.

# %% [make]
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder

np.save("mapped.npy", np.arange(12.0))
mapped = np.load("mapped.npy", mmap_mode="r")
records = np.array([(1, 2.5, "a"), (2, 3.5, "b")], dtype=[("n", "i4"), ("x", "f8"), ("s", "U3")])
masked = np.ma.masked_greater(np.arange(5.0), 3)
matrix = sparse.csr_matrix(([1.0, 2.0], ([0, 2], [1, 0])), shape=(3, 2))
things = np.array([1, "two", None, [3]], dtype=object)
empty = np.zeros((0, 3), dtype="f4")
big_endian = np.array([1, 2], dtype=">i2")
frame = pd.DataFrame(
    {
        "text": ["a", None, "c"],
        "when": pd.to_datetime(["2024-01-02", None, "2024-03-04"], utc=True),
        "whole": pd.array([1, None, 3], dtype="Int64"),
        "kind": pd.Categorical(["x", "y", "x"], categories=["y", "x"], ordered=True),
        "flag": [True, False, True],
    },
    index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", "i"]),
)
frame.attrs["unit"] = "m"
encoder = OneHotEncoder(handle_unknown="ignore").fit(frame[["kind", "flag"]])

# %% [handler]
%%endpoint --example {"i": 1}
def look(i: int) -> dict:
    return {
        "mapped": [type(mapped).__name__, float(mapped[i]), mapped.flags.writeable],
        "records": [str(records.dtype), records["s"].tolist(), float(records[i]["x"])],
        "masked": [masked.sum().item(), masked.mask.tolist()],
        "sparse": [matrix.toarray().tolist(), matrix.format],
        "things": things.tolist(),
        "empty": [list(empty.shape), str(empty.dtype)],
        "endian": [big_endian.dtype.str, big_endian.tolist()],
        "frame": [str(frame.dtypes.to_dict()), frame.index.names[1], frame.attrs, frame["kind"].max()],
        "row": frame.iloc[i].isna().tolist(),
        "encoded": encoder.transform(frame[["kind", "flag"]]).toarray().tolist(),
        "names": encoder.get_feature_names_out().tolist(),
    }
