"""The tree of why that ``inspect`` draws."""

from __future__ import annotations

import json

from test_cli_tables import MANIFEST, shown

from nb2svc.runtime.manifest import DistributionEntry
from nb2svc.ui import tables
from nb2svc.ui.why import tree_of_why

ENTRIES = (
    DistributionEntry(name="lone", version="1", why="an old manifest says no more"),
    DistributionEntry(name="numpy", version="2", why="pandas, scipy (local wheel, as is)", via=("pandas", "scipy")),
    DistributionEntry(name="pandas", version="3", root=True, why="imported by predict"),
    DistributionEntry(name="scipy", version="1", why="sklearn", via=("sklearn",)),
    DistributionEntry(name="sklearn", version="1", root=True, why="needed by models/model.joblib", via=("pandas",)),
    DistributionEntry(name="tzdata", version="1", why="pandas", via=("pandas",)),
)
SIZES = {"numpy": 50_000_000, "pandas": 40_000_000, "scipy": 100_000_000, "sklearn": 30_000_000, "tzdata": 1_000_000}


def test_each_once_and_the_heaviest_first():
    found = [(one.line, one.size, one.why) for one in tree_of_why(ENTRIES, SIZES)]
    assert found == [
        ("sklearn", 30_000_000, "needed by models/model.joblib"),
        ("└ scipy", 100_000_000, ""),
        ("  └ numpy", 50_000_000, "also through pandas (local wheel, as is)"),
        ("pandas", 40_000_000, "imported by predict"),
        ("└ tzdata", 1_000_000, ""),
        ("lone", None, "an old manifest says no more"),
    ]


def test_what_requires_each_other_ends():
    ring = [DistributionEntry(name=a, version="1", via=(b,), root=a == "a") for a, b in (("a", "b"), ("b", "a"))]
    assert [one.line for one in tree_of_why(ring, {})] == ["a", "└ b"]
    assert [one.line for one in tree_of_why([ring[1]], {})] == ["b"]


def test_inspect_adds_the_sizes_up():
    manifest = MANIFEST.model_copy(update={"distributions": ENTRIES, "system": ("libgomp1",)})
    text = shown(tables.details(manifest, SIZES), width=160)
    assert "system packages  libgomp1" in text
    assert "  └ numpy" in text
    assert "5 together, and 1 of unknown size" in text
    assert "221 MB" in text
    assert "together" not in shown(tables.details(manifest))
    printed = json.loads(tables.details_json(manifest, SIZES))
    assert printed["sizes"] == SIZES
    assert printed["distributions"][1]["via"] == ["pandas", "scipy"]
