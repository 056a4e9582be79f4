"""docs/adapters.md against the code, and against the distribution that a case installs."""

from __future__ import annotations

import re
from pathlib import Path

from nb2svc.capture import formats
from nb2svc.capture.formats import Adapter

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
SOURCE = ROOT / "tests" / "cases" / "frameworks" / "third_party" / "tinyml-source"


def test_the_sample_is_the_distribution_that_a_case_installs():
    shown = re.findall(r"^```\w+\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [path for path, _ in shown] == ["pyproject.toml", "tinyml/for_nb2svc.py", "tinyml/loading.py"]
    for path, text in shown:
        assert (SOURCE / path).read_text(encoding="utf-8") == text, path


def test_the_table_has_every_format():
    rows = [line.split("|")[-2] for line in PAGE.splitlines() if line.startswith("|") and line.count("|") == 5]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    own = {one.name for one in formats.adapters() if not one.loader}
    assert documented - {"joblib"} == own


def test_every_member_of_an_adapter_is_documented():
    members = {name for name in vars(Adapter) | Adapter.__annotations__ if not name.startswith("_")}
    assert members == set(re.findall(r"^\| `(\w+)(?:\([^)]*\))?` \|", PAGE, re.MULTILINE))
