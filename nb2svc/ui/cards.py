"""The compact card that a magic answers with: HTML where there is a browser, text where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ..values import Problem

# Front ends style what cells display by rules of their own, hence the class three times: theirs are less specific.
# JupyterLab's colours, else those of VS Code, else some that can be read on light and dark.
_STYLE = """
.nb2svc-card{--ink:var(--jp-ui-font-color1,var(--vscode-foreground,inherit));
--soft:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#767b84));
--line:var(--jp-border-color2,var(--vscode-widget-border,rgba(128,128,128,.4)));
--mark:var(--jp-brand-color1,var(--vscode-focusBorder,#1976d2));
--warn:var(--jp-warn-color1,var(--vscode-editorWarning-foreground,#d97706));
max-width:820px;margin:4px 0;padding:8px 14px 10px;border:1px solid var(--line);border-left:3px solid var(--mark);
border-radius:3px;color:var(--ink);
font:13px/1.5 var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif))}
.nb2svc-card .nb2svc-kind{margin-left:10px;color:var(--soft)}
.nb2svc-card.nb2svc-card.nb2svc-card dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px;
margin:6px 0 0;padding:0}
.nb2svc-card.nb2svc-card.nb2svc-card dt{display:block;float:none;width:auto;margin:0;padding:0;color:var(--soft);
font-weight:400}
.nb2svc-card.nb2svc-card.nb2svc-card dt.nb2svc-arrow{text-align:right}
.nb2svc-card.nb2svc-card.nb2svc-card dd{display:block;float:none;width:auto;margin:0;padding:0;overflow-wrap:anywhere}
.nb2svc-card.nb2svc-card.nb2svc-card code{padding:0;border:0;background:none;color:inherit;white-space:pre-wrap;
font:12px/1.6 var(--jp-code-font-family,var(--vscode-editor-font-family,monospace))}
.nb2svc-card .nb2svc-warning{margin-top:8px;padding-left:10px;border-left:3px solid var(--warn)}
.nb2svc-card .nb2svc-footer{margin-top:8px}
.nb2svc-card .nb2svc-soft{color:var(--soft)}
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
            answer = example.answer.replace("\n", "\n" + " " * (width + 4))
            lines += [f"  {'example':<{width}}  {example.request}", f"  {'→':>{width}}  {answer}"]
        lines += [f"  {label:<{width}}  {value}" for label, value in self.facts]
        lines += [f"  ! {warning}".replace("\n", "\n  ") for warning in self.warnings]
        return "\n".join([*lines, self.footer] if self.footer else lines)

    def html(self) -> str:
        """The card for a notebook. Everything from the notebook is escaped."""
        rows = [
            f"<dt>example</dt><dd><code>{escape(one.request)}</code></dd>"
            f'<dt class="nb2svc-arrow">→</dt><dd><code>{escape(one.answer)}</code></dd>'
            for one in self.examples
        ]
        rows += [f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in self.facts]
        facts = f"<dl>{''.join(rows)}</dl>" if rows else ""
        kind = f'<span class="nb2svc-kind">{escape(self.kind)}</span>' if self.kind else ""
        footer = f'<div class="nb2svc-footer nb2svc-soft">{escape(self.footer)}</div>' if self.footer else ""
        return (
            f"<style>{_STYLE}</style>"
            f'<div class="nb2svc-card"><strong>{escape(self.title)}</strong>{kind}'
            f"{facts}{''.join(map(_warning_html, self.warnings))}{footer}</div>"
        )

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return self.text()

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(self.text())


def _warning_html(warning: Problem) -> str:
    place = f'<span class="nb2svc-soft">{escape(str(warning.where))}: </span>' if str(warning.where) else ""
    hint = f'<br><span class="nb2svc-soft">→ {escape(warning.hint)}</span>' if warning.hint else ""
    return f'<div class="nb2svc-warning">{place}{escape(warning.message)}{hint}</div>'
