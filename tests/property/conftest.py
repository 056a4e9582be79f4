from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from parity import Sides


@pytest.fixture(scope="session")
def sides():
    """A kernel's process and a service's, each ready to be forked."""
    both = Sides()
    yield both
    both.close()
