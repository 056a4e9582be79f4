from __future__ import annotations

import io
import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from IPython.core.formatters import DisplayFormatter
from rich.console import Console

from nb2svc.smoke import to_html, to_json, to_junit, to_table, to_text
from nb2svc.smoke.report import Shown, headline
from nb2svc.values import Check, Report, from_json
from nb2svc.wording import milliseconds, seconds_text, size_text

DIFFERENCE = "$.y\n    expected  1.0\n    got       2.0"
HOSTILE = "<script>alert('x')</script> & \"quoted\" ]]> \x1b[31mred\x1b[0m \x00\x0b\ufffe"


def report(*checks: Check, **figures) -> Report:
    return Report(service="iris", url="http://127.0.0.1:8000", engine="docker", checks=checks, **figures)


GOOD = report(
    Check(name="start", outcome="passed", detail="ready in 1.20 s", seconds=1.2),
    Check(name="parity predict-1", outcome="passed", seconds=0.004),
    Check(name="memory", outcome="skipped", detail="not known"),
    startup_seconds=1.2,
    memory_bytes=120_000_000,
    image_bytes=310_000_000,
    p50_seconds=0.0008,
    p99_seconds=0.0123,
)
BAD = report(
    Check(name="start", outcome="passed"),
    Check(name="parity predict-1", outcome="failed", detail="differs at $.y", difference=DIFFERENCE, seconds=0.004),
    logs="line 1\n\x1b[31mline 2\x1b[0m",
)
NASTY = report(
    Check(name=f"parity {HOSTILE}", outcome="failed", detail=HOSTILE, difference=HOSTILE),
    Check(name=HOSTILE, outcome="skipped", detail=HOSTILE),
    logs=HOSTILE,
)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (GOOD, "iris answers as the notebook did: 2 passed, 1 skipped"),
        (BAD, "iris does not answer as the notebook did: 1 passed, 1 failed"),
        (report(Check(name="start", outcome="failed")), "iris has failed checks: 1 failed"),
        (report(Check(name="start", outcome="passed")), "iris runs, but nothing compares it"),
    ],
)
def test_the_headline_says_what_was_found(case, said):
    assert headline(case).startswith(said)


def test_plain_text():
    assert to_text(GOOD) == (
        "✓ start             ready in 1.20 s  1.20 s\n"
        "✓ parity predict-1  4 ms\n"
        "– memory            not known\n"  # noqa: RUF001
        "\n"
        "iris answers as the notebook did: 2 passed, 1 skipped\n"
        "start 1.20 s · p50 0.80 ms · p99 12.3 ms · memory 120 MB · image 310 MB\n"
    )


def test_plain_text_shows_differences_and_logs():
    text = to_text(BAD)
    assert "  $.y\n      expected  1.0\n      got       2.0\n" in text
    assert "last log lines\n  line 1\n  line 2\n" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_table_holds_everything_at_any_width(width):
    console = Console(file=io.StringIO(), width=width)
    console.print(to_table(BAD))
    text = console.file.getvalue()
    assert "parity predict-1" in text
    assert "expected  1.0" in text
    assert "line 2" in text
    assert all(len(line) <= width for line in text.splitlines())


def test_the_table_takes_no_markup_from_values():
    console = Console(file=io.StringIO(), width=120)
    console.print(
        to_table(report(Check(name="parity [bold]x[/bold]", outcome="failed", detail="[red]", difference="[/]")))
    )
    assert "parity [bold]x[/bold]" in console.file.getvalue()
    assert "[red]" in console.file.getvalue()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("case", [GOOD, BAD, NASTY])
def test_html_is_balanced_and_escaped(case):
    tags = Tags()
    tags.feed(to_html(case))
    tags.close()
    assert tags.open == []
    assert tags.seen <= {"div", "style", "strong", "details", "summary", "table", "tr", "td", "pre"}
    for check in case.checks:
        assert check.name in tags.text
        assert check.difference in tags.text


def test_html_follows_the_theme_with_fallbacks():
    page = to_html(GOOD)
    assert "var(--jp-ui-font-color1,#" in page
    assert "prefers-color-scheme:dark" in page
    assert "<details open>" not in page
    assert "<details open>" in to_html(BAD)


def test_ipython_shows_html_with_a_text_fallback():
    shown, _ = DisplayFormatter().format(Shown(BAD), include={"text/plain", "text/html"})
    assert shown["text/html"] == to_html(BAD)
    assert shown["text/plain"] == to_text(BAD).rstrip() == str(Shown(BAD)).rstrip()


def test_json_is_the_file_form():
    assert from_json(Report, to_json(BAD)) == BAD
    assert json.loads(to_json(GOOD))["checks"][0]["name"] == "start"


def parsed(case: Report) -> ET.Element:
    return ET.fromstring(to_junit(case).encode())  # noqa: S314 (our own)


@pytest.mark.parametrize("case", [GOOD, BAD, NASTY])
def test_junit_is_xml_that_counts_right(case):
    root = parsed(case)
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert len(cases) == len(case.checks) == int(suite.attrib["tests"])
    for outcome, tag in (("failed", "failure"), ("skipped", "skipped")):
        wanted = sum(check.outcome == outcome for check in case.checks)
        assert len(suite.findall(f"testcase/{tag}")) == wanted
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))


def test_junit_carries_times_figures_and_differences():
    root = parsed(GOOD)
    assert root.find("testsuite/testcase").attrib == {"classname": "nb2svc.iris", "name": "start", "time": "1.200000"}
    properties = {each.attrib["name"]: each.attrib["value"] for each in root.iter("property")}
    assert properties["memory_bytes"] == "120000000"
    assert properties["engine"] == "docker"
    failed = parsed(BAD)
    assert failed.find("testsuite/testcase/failure").text == DIFFERENCE
    assert failed.find("testsuite/testcase/failure").attrib == {"message": "differs at $.y", "type": "parity"}
    assert failed.find("testsuite/system-out").text == "line 1\nline 2"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "2 kB"),
        (999_600, "1 MB"),
        (1_240_000, "1.24 MB"),
        (310_400_000, "310 MB"),
        (2_340_000_000, "2.34 GB"),
        (1_234_000_000_000, "1234 GB"),
    ],
)
def test_sizes_read_well(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00042, "0.42 ms"), (0.0123, "12.3 ms"), (0.25, "250 ms"), (1.2, "1.20 s"), (75.0, "75.0 s")],
)
def test_times_read_well(seconds, text):
    assert milliseconds(seconds) == text
    assert seconds_text(75.0) == "75.0 s"
