"""The same model gives the same file: exports can be compared, and layers of images cached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from requirement import need
from written_models import MAKERS, NEEDS

SCRIPT = Path(__file__).with_name("written_models.py")

pytestmark = pytest.mark.xdist_group("written models")  # one worker makes them all


@pytest.fixture(scope="module")
def digests():
    """Of two processes that run at the same time, hash texts otherwise, and lie elsewhere in memory."""
    processes = [
        subprocess.Popen(
            [sys.executable, SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    outputs = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs[0][1] + outputs[1][1]
    return [json.loads(out.splitlines()[-1]) for out, _ in outputs]


@pytest.mark.xdist_group("written models")
@pytest.mark.parametrize("name", [maker.__name__ for maker in MAKERS])
def test_a_model_is_written_the_same_in_every_process(digests, name):
    one, other = digests
    need("torch" if name in {"torch", *NEEDS} else "frameworks", "" if name in one else f"{name} is not installed")
    assert one[name] == other[name]
