from __future__ import annotations

import csv
import decimal
import logging
import socket
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from nb2svc.ambient import ambient


def changed(change, undo):
    """The settings that ``change`` changes."""
    before = ambient({"time"})
    change()
    try:
        after = ambient({"time"})
    finally:
        undo()
    return {name for name, text in after.items() if before.get(name) != text}


@pytest.mark.parametrize(
    ("change", "undo", "names"),
    [
        (lambda: np.seterr(all="raise"), lambda: np.seterr(all="warn"), {"numpy.geterr()"}),
        (lambda: csv.register_dialect("x"), lambda: csv.unregister_dialect("x"), {"csv.list_dialects()"}),
        (lambda: socket.setdefaulttimeout(3), lambda: socket.setdefaulttimeout(None), {"socket.getdefaulttimeout()"}),
        (lambda: logging.disable(50), lambda: logging.disable(0), {"logging.disable(…)"}),
        (
            lambda: pd.set_option("display.precision", 2),
            lambda: pd.reset_option("display.precision"),
            {"pandas.get_option('display.precision')"},
        ),
    ],
)
def test_a_setting_that_changes_has_another_text(change, undo, names):
    assert changed(change, undo) == names


def test_computing_changes_no_setting():
    with decimal.localcontext():
        assert changed(lambda: decimal.Decimal(1) / 3, lambda: None) == set()
        assert changed(lambda: setattr(decimal.getcontext(), "prec", 5), lambda: None) == {"decimal.getcontext()"}


def test_only_warnings_that_are_raised_count():
    with warnings.catch_warnings():
        assert changed(lambda: warnings.simplefilter("ignore", UserWarning), lambda: None) == set()
        assert changed(lambda: warnings.simplefilter("error", BytesWarning), lambda: None) == {"warnings.filters"}


def test_the_zone_counts_where_the_clock_is_used():
    assert ambient({"time"})["time.tzname"] == str(time.tzname)
    assert "time.tzname" not in ambient(())


def test_what_code_reads_in_modules_is_compared():
    import textwrap
    from unittest import mock

    paths = ["textwrap.fill", "textwrap.own", "textwrap.TextWrapper", "builtins.len", "no_such.module", "json.decoder"]
    before = ambient((), paths)
    assert before["textwrap.fill"].startswith("textwrap.fill ")
    assert before["textwrap.own"] == "nothing"
    assert before["builtins.len"] == "builtins.len"
    assert before.keys() >= {"textwrap.TextWrapper"}
    assert not before.keys() & {"no_such.module", "json.decoder"}

    def own(self):
        """As a cell would have it."""

    own.__module__ = "__main__"
    with mock.patch.object(textwrap.fill, "__defaults__", (5,)), mock.patch.object(textwrap, "own", 3, create=True):
        textwrap.TextWrapper.own = own
        after = ambient((), paths)
        del textwrap.TextWrapper.own
    assert after["textwrap.fill"] != before["textwrap.fill"]
    assert after["textwrap.own"] == "3"
    assert after["textwrap.TextWrapper"] == "textwrap.TextWrapper, with own of the notebook"


def test_a_function_of_the_notebook_in_a_module_is_no_function_of_the_module():
    import math
    from unittest import mock

    replaced = eval("lambda x: 0", {"__name__": "__main__"})  # noqa: S307
    with mock.patch.object(math, "floor", replaced):
        assert ambient((), ["math.floor"])["math.floor"] == "a function of the notebook"
    with mock.patch("math.floor"):
        assert ambient((), ["math.floor"])["math.floor"] == "a unittest.mock.MagicMock"
