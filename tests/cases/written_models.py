"""A model of every framework, each made and written in this process: ``python written_models.py`` prints the digests.

Another process, with other addresses and another seed of hashes, must print the same.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np

from nb2svc.capture import formats
from nb2svc.capture.formats.writing import dump
from nb2svc.capture.objects import probe

X = np.random.default_rng(0).random((60, 3))
Y = (X[:, 0] > 0.5).astype(int)


def xgboost():
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=3, eval_metric=["error", "logloss"]).fit(X, Y, eval_set=[(X, Y)], verbose=False)


def lightgbm():
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=3, verbose=-1).fit(X, np.array(["no", "yes"])[Y])


def catboost():
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(X, Y)


def skops():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = make_pipeline(CountVectorizer(vocabulary=["good", "bad"]), LogisticRegression())
    return words.fit(["good", "bad", "good good"], [1, 0, 1])


def onnx():
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "negated", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def onnxruntime():
    from onnxruntime import InferenceSession

    return InferenceSession(onnx().SerializeToString())


def statsmodels():
    import pandas as pd
    import statsmodels.formula.api as smf

    return smf.ols("y ~ a + np.log(b)", pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": Y})).fit()


def spacy():
    import spacy as library

    nlp = library.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Debian"}])
    return nlp


def torch():
    import torch as library

    library.manual_seed(0)
    return library.nn.Sequential(library.nn.Linear(3, 4), library.nn.BatchNorm1d(4), library.nn.LSTM(4, 2)).eval()


def torchscript():
    import torch as library

    return library.jit.script(torch()[:2])


def torch_export():
    import torch as library

    return library.export.export(torch()[:2], (library.zeros(2, 3),))


def keras():
    import keras as library

    library.utils.set_random_seed(0)
    layers = library.layers
    model = library.Sequential([library.Input((3,)), layers.Dense(4, "relu"), layers.Dropout(0.1), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    return model


def transformers():
    import torch as library
    from transformers import BertConfig, BertForSequenceClassification

    library.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    return BertForSequenceClassification(BertConfig(vocab_size=9, **sizes))


MAKERS = (
    *(xgboost, lightgbm, catboost, skops, onnx, onnxruntime, statsmodels, spacy),
    *(torch, torchscript, torch_export, keras, transformers),
)
NEEDS = {"torchscript": "torch", "torch_export": "torch", "keras": "torch", "transformers": "torch"}


def digest(name, value, folder):
    adapter = formats.named(name)
    assert adapter is formats.adapter_of(value) or not adapter.automatic, name
    artifact = dump(value, adapter, staging=folder, name=name, references=probe(value, name), why="a test")
    return artifact.sha256


def main():
    warnings.simplefilter("ignore")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for maker in MAKERS:
            name = maker.__name__
            if find_spec(NEEDS.get(name, name)) and find_spec(
                name if name not in {"torchscript", "torch_export"} else "torch"
            ):
                found[name] = digest(name, maker(), Path(folder))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
