from __future__ import annotations

import threading

import pytest

from nb2svc.capture.left_out import left_out


class Slotted:
    __slots__ = ("cache", "known")

    def __init__(self):
        self.known, self.cache = {"tea": 3}, {"coffee": 5}

    def __getstate__(self):
        return None, {"known": self.known}


class Both(Slotted):  # it has a __dict__ beside the slots
    def __init__(self):
        super().__init__()
        self.notes = ["by hand"]

    def __getstate__(self):
        return {"notes": self.notes}, {"known": self.known, "cache": self.cache}


class Listed(Both):
    def __getstate__(self):
        return [self.known]


class Locked(Both):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def __setstate__(self, state):
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("kind", "lost"),
    [(Slotted, "cache"), (Both, ""), (Locked, ""), (Listed, "")],  # what a list stands for only its class knows
)
def test_what_does_not_come_back_is_told(kind, lost):
    assert list(left_out([kind()])) == ([(kind.__qualname__, [lost])] if lost else [])
