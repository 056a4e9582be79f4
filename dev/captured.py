"""The tables of docs/capture.md, from the case folders: ``python dev/captured.py`` writes them, ``--check`` compares.

A row is a case of tests/cases, so nothing stands in the tables that no test has seen.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "cases"))

from case_folder import EXPORT, SECTIONS, Case, folders, load

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "capture.md"
BEGIN = "<!-- cases: written by dev/captured.py from tests/cases -->"
END = "<!-- end of cases -->"


def tables(cases: list[Case]) -> str:
    """A heading for each section that has cases; below it what is served, then what is refused."""
    parts = []
    for section in SECTIONS:
        own = sorted((case for case in cases if case.expected.section == section), key=_order)
        if own:
            parts += [f"### {section}", *_served(own), *_refused(own)]
    return "\n\n".join(parts)


def _order(case: Case) -> str:
    return case.expected.title.lower().replace("`", "").lstrip("_%")


def _served(cases: list[Case]) -> Iterator[str]:
    rows = [f"| {_linked(case)} | {_notes(case)} |" for case in cases if case.expected.outcome == "serves"]
    if rows:
        yield "\n".join(["| served | |", "| --- | --- |", *rows])


def _notes(case: Case) -> str:
    """Beside the process engine, which answers every case's examples."""
    notes = ["with a warning"] if case.expected.warns else []
    notes += ["in Docker too"] if case.expected.docker else []
    notes += [f"with {', '.join(case.expected.needs)}"] if case.expected.needs else []
    return ", ".join(notes)


def _refused(cases: list[Case]) -> Iterator[str]:
    rows = [
        f"| {_linked(case)} | {'the export' if case.expected.cell == EXPORT else 'the cell'} | {_words(case)} |"
        for case in cases
        if case.expected.outcome == "refused"
    ]
    if rows:
        yield "\n".join(["| refused | by | in these words |", "| --- | --- | --- |", *rows])


def _linked(case: Case) -> str:
    return f"[{_prose(case.expected.title)}](../{(case.folder / 'notebook.py').relative_to(ROOT).as_posix()})"


def _words(case: Case) -> str:
    said = [text.strip() for text in case.expected.says]
    sentences = [text for text in said if " " in text]  # a name alone tells a reader nothing
    return " … ".join(f"`{_plain(text)}`" for text in sentences or said)


def _plain(text: str) -> str:
    """As it may stand in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _prose(text: str) -> str:
    """Outside of code, Markdown reads `__name__` as emphasis."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([_*<>\[\]])", r"\\\1", part) for part in parts[::2]]
    return _plain("`".join(parts))


def page_now(page: str, cases: list[Case]) -> str:
    """``page`` with the tables of now between the two marks. Raises ``ValueError`` where a mark is missing."""
    before, rest = _split(page, BEGIN)
    _, after = _split(rest, END)
    return f"{before}{BEGIN}\n\n{tables(cases)}\n\n{END}{after}"


def _split(text: str, mark: str) -> tuple[str, str]:
    before, found, after = text.partition(mark)
    if not found:
        raise ValueError(f"{PAGE.name} has no line {mark}")
    return before, after


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    now = page_now(page, [load(folder) for folder in folders()])
    if "--check" in sys.argv[1:]:
        if now != page:
            print("docs/capture.md is not what the cases say: python dev/captured.py writes it")
        return int(now != page)
    PAGE.write_text(now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
