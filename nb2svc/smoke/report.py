"""A report for people (terminal, plain text, notebook) and for machines (JSON, JUnit). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from ..values import Check, Outcome, Report
from ..values import to_json as _file_form
from ..wording import milliseconds, seconds_text, size_text

if TYPE_CHECKING:
    from rich.console import Group

_MARKS: Final[dict[Outcome, str]] = {"passed": "✓", "failed": "✗", "skipped": "–"}  # noqa: RUF001
_STYLES: Final[dict[Outcome, str]] = {"passed": "green", "failed": "bold red", "skipped": "dim"}

# Characters that XML 1.0 cannot hold; ANSI colours of logs above all.
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def headline(report: Report) -> str:
    """The report in one line: ``iris answers as the notebook did: 9 checks passed, 1 skipped``."""
    counts = {outcome: sum(check.outcome == outcome for check in report.checks) for outcome in _MARKS}
    parity = [check for check in report.checks if check.name.startswith("parity ")]
    if not report.passed:
        verdict = "does not answer as the notebook did" if _any_failed(parity) else "has failed checks"
    elif parity:
        verdict = "answers as the notebook did"
    else:
        verdict = "runs, but nothing compares it with the notebook: there is no example"
    listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return f"{report.service} {verdict}: {listed}"


def figures(report: Report) -> tuple[tuple[str, str], ...]:
    """(name, text) of each figure that is known."""
    known = (
        ("start", report.startup_seconds, seconds_text),
        ("p50", report.p50_seconds, milliseconds),
        ("p99", report.p99_seconds, milliseconds),
    )
    sizes = (("memory", report.memory_bytes), ("image", report.image_bytes))
    times = tuple((name, form(value)) for name, value, form in known if value is not None)
    return (*times, *((name, size_text(value)) for name, value in sizes if value is not None))


def to_table(report: Report) -> Group:
    """For rich: the checks as a table, each difference below it, the last log lines where something failed."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for check in report.checks:
        style = _STYLES[check.outcome]
        table.add_row(
            Text(_MARKS[check.outcome], style), Text(check.name), Text(check.detail, style), Text(_time(check), "dim")
        )
    parts: list[Table | Text] = [table]
    for check in _with_difference(report):
        parts += [Text(f"\n{check.name}", "bold"), Text(_indented(check.difference))]
    if report.logs:
        parts += [Text("\nlast log lines", "bold"), Text(_indented(_plain(report.logs)), "dim")]
    line = Text(f"\n{headline(report)}", "bold green" if report.passed else "bold red")
    return Group(*parts, line, Text(_figure_line(report), "dim"))


def to_text(report: Report) -> str:
    """Plain text, lines without colour, with a final newline."""
    width = max((len(check.name) for check in report.checks), default=0)
    lines = []
    for check in report.checks:
        tail = "  ".join(part for part in (check.detail, _time(check)) if part)
        lines.append(f"{_MARKS[check.outcome]} {check.name:<{width}}  {tail}".rstrip())
    for check in _with_difference(report):
        lines += ["", check.name, _indented(check.difference)]
    if report.logs:
        lines += ["", "last log lines", _indented(_plain(report.logs))]
    lines += ["", headline(report), _figure_line(report)]
    return "\n".join(lines).rstrip() + "\n"


def to_json(report: Report) -> str:
    """The file form of the report (``values.from_json(Report, …)`` reads it back)."""
    return _file_form(report)


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as IPython displays it: HTML in a notebook, text in a terminal."""

    report: Report

    def __str__(self) -> str:
        return to_text(self.report)

    def _repr_html_(self) -> str:
        return to_html(self.report)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 (IPython's signature)
        printer.text(to_text(self.report).rstrip())


# --- HTML ---------------------------------------------------------------------------------------

# Front ends style tables by rules of their own, hence the class three times: theirs are less specific.
_CSS: Final = """
.nb2svc-report{--ok:var(--jp-success-color1,#2e7d32);--bad:var(--jp-error-color1,#c62828);
--ink:var(--jp-ui-font-color1,#1f1f1f);--soft:var(--jp-ui-font-color2,#6a6a6a);--line:var(--jp-border-color2,#ddd);
--back:var(--jp-layout-color2,#f5f5f5);color:var(--ink);font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif)}
@media (prefers-color-scheme:dark){.nb2svc-report{--ink:var(--jp-ui-font-color1,#e6e6e6);
--soft:var(--jp-ui-font-color2,#a0a0a0);--line:var(--jp-border-color2,#444);--back:var(--jp-layout-color2,#262626);
--ok:var(--jp-success-color1,#66bb6a);--bad:var(--jp-error-color1,#ef5350)}}
.nb2svc-report.nb2svc-report.nb2svc-report table{border-collapse:collapse;margin:2px 0 0;table-layout:auto}
.nb2svc-report.nb2svc-report.nb2svc-report tr{background:none}
.nb2svc-report.nb2svc-report.nb2svc-report td{padding:1px 14px 1px 0;max-width:none;border:0;background:none;
text-align:left;vertical-align:top;white-space:normal}
.nb2svc-report .seconds,.nb2svc-report .figures{color:var(--soft)}
.nb2svc-report.nb2svc-report.nb2svc-report td.seconds{text-align:right;white-space:nowrap}
.nb2svc-report .passed{color:var(--ok)}
.nb2svc-report .failed{color:var(--bad)}
.nb2svc-report .skipped{color:var(--soft)}
.nb2svc-report pre{margin:4px 0 8px;padding:6px 10px;background:var(--back);border-left:3px solid var(--line);
color:var(--ink);font:12px/1.4 var(--jp-code-font-family,monospace);white-space:pre-wrap;overflow-wrap:anywhere}
.nb2svc-report summary{cursor:pointer}
""".replace("\n", "")


def to_html(report: Report) -> str:
    """For the notebook: one ``<div>``, all values escaped, colours from JupyterLab's theme where there is one."""
    outcome: Outcome = "passed" if report.passed else "failed"
    listed = " · ".join(f"{escape(name)} {escape(text)}" for name, text in figures(report))
    parts = [
        f'<div class="nb2svc-report"><style>{_CSS}</style>',
        f'<div class="{outcome}"><strong>{_MARKS[outcome]} {escape(headline(report))}</strong></div>',
        f'<div class="figures">{listed}</div>' if listed else "",
        f"<details{'' if report.passed else ' open'}><summary>{len(report.checks)} checks</summary><table>",
        *(_row(check) for check in report.checks),
        "</table></details>",
        *(
            f"<div><strong>{escape(check.name)}</strong></div><pre>{escape(check.difference)}</pre>"
            for check in _with_difference(report)
        ),
    ]
    if report.logs:
        parts.append(f"<details><summary>last log lines</summary><pre>{escape(_plain(report.logs))}</pre></details>")
    return "".join([*parts, "</div>"])


def _row(check: Check) -> str:
    kind = check.outcome
    return (
        f'<tr><td class="{kind}" title="{kind}">{_MARKS[kind]}</td><td>{escape(check.name)}</td>'
        f'<td class="{kind}">{escape(check.detail)}</td><td class="seconds">{escape(_time(check))}</td></tr>'
    )


# --- JUnit --------------------------------------------------------------------------------------


def to_junit(report: Report) -> str:
    """JUnit XML, as CI systems read it: one test suite, one test case a check."""
    counts = {
        "tests": str(len(report.checks)),
        "failures": str(sum(check.outcome == "failed" for check in report.checks)),
        "errors": "0",
        "skipped": str(sum(check.outcome == "skipped" for check in report.checks)),
        "time": f"{sum(check.seconds for check in report.checks):.6f}",
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {"name": _xml(f"nb2svc {report.service}"), **counts})
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", {"name": name, "value": _xml(value)})
    for check in report.checks:
        suite.append(_test_case(report, check))
    if report.logs:
        ET.SubElement(suite, "system-out").text = _xml(report.logs)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _test_case(report: Report, check: Check) -> ET.Element:
    case = ET.Element(
        "testcase",
        {
            "classname": _xml(f"nb2svc.{report.service}"),
            "name": _xml(check.name),
            "time": f"{check.seconds:.6f}",
        },
    )
    if check.outcome == "failed":
        failure = ET.SubElement(case, "failure", {"message": _xml(check.detail), "type": check.name.partition(" ")[0]})
        failure.text = _xml(check.difference or check.detail)
    elif check.outcome == "skipped":
        ET.SubElement(case, "skipped", {"message": _xml(check.detail)})
    return case


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "url", report.url
    yield "engine", report.engine
    for name in ("startup_seconds", "memory_bytes", "image_bytes", "p50_seconds", "p99_seconds"):
        value = getattr(report, name)
        if value is not None:
            yield name, str(value)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", _plain(text))


# --- parts --------------------------------------------------------------------------------------


def _any_failed(checks: list[Check]) -> bool:
    return any(check.outcome == "failed" for check in checks)


def _with_difference(report: Report) -> Iterator[Check]:
    return (check for check in report.checks if check.difference)


def _time(check: Check) -> str:
    return milliseconds(check.seconds) if check.seconds else ""


def _figure_line(report: Report) -> str:
    return " · ".join(f"{name} {text}" for name, text in figures(report))


def _plain(text: str) -> str:
    """Without the escape sequences of a terminal."""
    return _ANSI.sub("", text)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
