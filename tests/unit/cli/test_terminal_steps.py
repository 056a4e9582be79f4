"""Progress events as a person sees them: plain lines in a pipe, live steps on a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from nb2svc.events import Event, Failed, Finished, LogLine, Started, Step, from_message, progress, to_message
from nb2svc.ui.steps import LOG_LINES, LiveSteps, PlainSteps, listening
from nb2svc.wording import duration

EVENTS: list[Event] = [
    Started("freeze", "Freezing the environment"),
    Step("freeze", "cell 3 of 12: model.fit(X[y])", 3, 12),
    *(LogLine("freeze", f"\x1b[31muv line {number}\x1b[0m") for number in range(9)),
    Finished("freeze", 1.23, "23 distributions, 212 MB"),
    Started("export", "Writing iris"),
    Failed("export", 75.4, "the disk is full"),
]


def console(*, terminal: bool, encoding: str = "utf-8") -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", write_through=True)
    return Console(
        file=file, force_terminal=terminal, width=100, color_system="standard" if terminal else None, _environ={}
    )


def written(console: Console) -> str:
    return console.file.buffer.getvalue().decode(console.file.encoding)


def test_plain_lines_read_as_a_log():
    pipe = console(terminal=False)
    with listening(pipe) as emit:
        assert isinstance(emit, PlainSteps)
        for event in EVENTS:
            emit(event)
    assert written(pipe) == (
        "Freezing the environment …\n"
        "  cell 3 of 12: model.fit(X[y])\n"
        "✓ Freezing the environment · 23 distributions, 212 MB · 1.2 s\n"
        "Writing iris …\n"
        "✗ Writing iris · 1 min 15 s\n"
    )


def test_a_long_plain_line_is_not_wrapped():
    pipe = console(terminal=False)
    PlainSteps(pipe)(Step("build", "x" * 300))
    assert written(pipe) == "  " + "x" * 300 + "\n"


def test_a_log_without_unicode():
    pipe = console(terminal=False, encoding="ascii")
    emit = PlainSteps(pipe)
    emit(Finished("freeze", 1.0))
    emit(Failed("export", 1.0, "no"))
    assert "ok freeze" in written(pipe)
    assert "failed: export" in written(pipe)


def test_live_steps_end_as_one_line_each():
    screen = console(terminal=True)
    with listening(screen) as emit:
        assert isinstance(emit, LiveSteps)
        for event in EVENTS:
            emit(event)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written(screen))
    assert "✓ Freezing the environment · 23 distributions, 212 MB · 1.2 s" in text
    assert "✗ Writing iris · 1 min 15 s" in text


def test_what_stands_on_the_screen_while_a_stage_runs():
    screen = console(terminal=True)
    live = LiveSteps(screen)
    for event in EVENTS[:11]:
        live(event)
    paper = console(terminal=False)
    paper.print(live.render())
    head, step, *log = written(paper).splitlines()
    assert re.fullmatch(r"\S Freezing the environment · \d+\.\d s", head)
    assert step == "  ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 3/12 cell 3 of 12: model.fit(X[y])"
    assert log == [f"    uv line {number}" for number in range(9 - LOG_LINES, 9)]


def test_a_stage_within_a_stage_shows_both_and_the_log_of_the_inner():
    live = LiveSteps(console(terminal=True))
    for event in [
        Started("export", "Writing iris"),
        LogLine("export", "outer"),
        Started("verify", "Answering the examples"),
        LogLine("verify", "inner"),
    ]:
        live(event)
    paper = console(terminal=False)
    paper.print(live.render())
    shown = written(paper)
    assert "Writing iris" in shown
    assert "Answering the examples" in shown
    assert "inner" in shown
    assert "outer" not in shown


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    screen = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    with listening(screen) as emit:
        assert isinstance(emit, PlainSteps)


def test_quiet_says_nothing():
    pipe = console(terminal=False)
    with listening(pipe, quiet=True) as emit:
        for event in EVENTS:
            emit(event)
    assert written(pipe) == ""


def test_the_screen_is_given_back_when_the_block_raises():
    screen = console(terminal=True)
    with pytest.raises(KeyboardInterrupt), listening(screen) as emit, progress("run", "Starting iris", emit):
        raise KeyboardInterrupt
    assert written(screen).rstrip().endswith("\x1b[?25h")  # the cursor is shown again


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (59.4, "59 s"), (60, "1 min 0 s"), (185, "3 min 5 s")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("event", EVENTS)
def test_events_cross_from_a_kernel_whole(event):
    assert from_message(to_message(event)) == event


@pytest.mark.parametrize(
    "message", [{}, {"type": "Event"}, {"type": "Step"}, {"type": "Step", "stage": "run", "txt": "x"}]
)
def test_what_is_no_event_is_refused(message):
    with pytest.raises(ValueError, match="no "):
        from_message(message)
