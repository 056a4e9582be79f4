"""The compact card that a magic answers with: HTML where there is a browser, text where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ..values import Problem

_STYLE = """
.nb2svc-card{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;
max-width:760px;border:1px solid var(--jp-border-color2,#d0d7de);border-left:3px solid var(--jp-brand-color1,#1976d2);
border-radius:4px;padding:8px 12px;margin:4px 0;color:var(--jp-ui-font-color1,inherit);
background:var(--jp-layout-color1,transparent)}
.nb2svc-card .nb2svc-title{font-weight:600}
.nb2svc-card .nb2svc-kind{color:var(--jp-ui-font-color2,#57606a);font-weight:400;margin-left:8px}
.nb2svc-card dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:6px 0 0}
.nb2svc-card dt{color:var(--jp-ui-font-color2,#57606a)}
.nb2svc-card dd{margin:0;min-width:0;overflow-wrap:anywhere}
.nb2svc-card code{font-family:var(--jp-code-font-family,monospace);font-size:12px;background:none;color:inherit;
padding:0;white-space:pre-wrap}
.nb2svc-card .nb2svc-arrow{color:var(--jp-ui-font-color2,#57606a)}
.nb2svc-card .nb2svc-warning{margin-top:6px;padding-left:8px;border-left:3px solid var(--jp-warn-color1,#e08600)}
.nb2svc-card .nb2svc-hint{color:var(--jp-ui-font-color2,#57606a)}
"""


@dataclass(frozen=True)
class Shown:
    """One example with its live answer, both as short JSON text."""

    request: str
    answer: str


@dataclass(frozen=True)
class Card:
    """``title`` names the thing (``POST /predict``), ``kind`` says what became of it (``endpoint, replaced``)."""

    title: str
    kind: str = ""
    facts: Sequence[tuple[str, str]] = ()
    examples: Sequence[Shown] = ()
    warnings: Sequence[Problem] = ()
    footer: str = field(default="")

    def text(self) -> str:
        """The card in plain text, one fact a line."""
        width = max([len(label) for label, _ in self.facts] + [len("example")])
        lines = [f"{self.title}  ({self.kind})" if self.kind else self.title]
        for example in self.examples:
            lines += [f"  {'example':<{width}}  {example.request}", f"  {'→':>{width}}  {example.answer}"]
        lines += [f"  {label:<{width}}  {value}" for label, value in self.facts]
        lines += [f"  ! {warning}".replace("\n", "\n  ") for warning in self.warnings]
        return "\n".join([*lines, self.footer] if self.footer else lines)

    def html(self) -> str:
        """The card for a notebook. Everything from the notebook is escaped."""
        rows = [
            f"<dt>example</dt><dd><code>{escape(one.request)}</code><br>"
            f'<span class="nb2svc-arrow">→</span> <code>{escape(one.answer)}</code></dd>'
            for one in self.examples
        ]
        rows += [f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in self.facts]
        warnings = [
            f'<div class="nb2svc-warning">{escape(one.message)}'
            + (f'<br><span class="nb2svc-hint">→ {escape(one.hint)}</span>' if one.hint else "")
            + "</div>"
            for one in self.warnings
        ]
        kind = f'<span class="nb2svc-kind">{escape(self.kind)}</span>' if self.kind else ""
        footer = f'<div class="nb2svc-hint">{escape(self.footer)}</div>' if self.footer else ""
        return (
            f"<style>{_STYLE}</style>"
            f'<div class="nb2svc-card"><span class="nb2svc-title">{escape(self.title)}</span>{kind}'
            f"<dl>{''.join(rows)}</dl>{''.join(warnings)}{footer}</div>"
        )

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return self.text()

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(self.text())
