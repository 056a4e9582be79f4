"""BuildKit's plain progress (``--progress=plain``), read line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_VERTEX = re.compile(r"^#(?P<number>\d+) (?P<rest>.*)$")
_STEP = re.compile(r"^\[(?P<stage>[^\]]+?)\s+(?P<done>\d+)/(?P<total>\d+)\] (?P<instruction>.*)$")
_OUTPUT = re.compile(r"^\d+\.\d+ (?P<text>.*)$")
_FINISHED = re.compile(r"^(DONE|CACHED|CANCELED|ERROR)\b")
_NOISE = re.compile(r"^(sha256:[0-9a-f]{64}|\d+\.\d+ *$|transferring|\.\.\.$|extracting|writing image|resolve )")
_LONGEST = 96


@dataclass
class PlainProgress:
    """Turns lines into steps and log lines. BuildKit interleaves stages; each line names the step it is of."""

    _known: dict[str, str] = field(default_factory=dict)  # number of a step → its text
    cached: int = 0
    built: int = 0

    def read(self, line: str) -> tuple[str, str]:
        """``("step", text)``, ``("log", text)`` or ``("", "")`` for what says nothing to a person."""
        vertex = _VERTEX.match(line.rstrip())
        if vertex is None:
            return ("log", line.rstrip()) if line.strip() else ("", "")
        number, rest = vertex["number"], vertex["rest"]
        if step := _STEP.match(rest):
            return self._step(number, _readable(step))
        if _FINISHED.match(rest):
            self._count(number, rest)
            return "", ""
        if output := _OUTPUT.match(rest):
            return ("log", output["text"]) if output["text"].strip() else ("", "")
        if rest.startswith(("exporting", "naming")):
            return self._step(number, "writing the image")
        return ("", "") if _NOISE.match(rest) or rest.startswith("[internal]") else ("log", rest)

    def _step(self, number: str, text: str) -> tuple[str, str]:
        if self._known.get(number) == text:
            return "", ""
        self._known[number] = text
        return "step", text

    def _count(self, number: str, rest: str) -> None:
        if number in self._known:
            self.cached += rest.startswith("CACHED")
            self.built += rest.startswith("DONE")


def _readable(step: re.Match[str]) -> str:
    """``dependencies 3/4: uv venv … && uv pip install …``, without the mounts."""
    instruction = re.sub(r"--mount=\S+\s+", "", step["instruction"])
    instruction = re.sub(r"if \[ -s .*?fi;\s*", "", instruction)
    instruction = " ".join(instruction.split())
    if len(instruction) > _LONGEST:
        instruction = instruction[: _LONGEST - 1].rstrip() + "…"
    return f"{step['stage']} {step['done']}/{step['total']}: {instruction}"
