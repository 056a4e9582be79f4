"""What a notebook shows: everything that comes from the notebook is escaped, nothing is lost in text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from nb2svc.events import Failed, Finished, LogLine, Started, Step
from nb2svc.ui.cards import Card, Shown
from nb2svc.ui.notebook import Steps
from nb2svc.values import Problem, Where

EVIL = '<img src=x onerror="alert(1)">&{}'


def evil(number):
    return EVIL.format(number)


CARD = Card(
    title=evil(1),
    kind=evil(2),
    facts=[(evil(3), evil(4))],
    examples=[Shown(evil(5), evil(6))],
    warnings=[Problem(message=evil(7), hint=evil(8), where=Where(notebook=evil(9), cell=3, name=evil(10)))],
    footer=evil(11),
)


class Page(HTMLParser):
    """The tags of some HTML, and its text without styles."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def test_a_card_shows_all_that_it_is_given_and_runs_none_of_it():
    page = Page(CARD.html())
    assert not page.open
    assert set(page.tags) <= {"style", "div", "strong", "span", "dl", "dt", "dd", "code", "br"}
    for number in range(1, 12):
        assert evil(number) in page.text
        assert evil(number) in CARD.text()
    assert "cell [3]" in page.text


def test_a_card_without_anything_is_its_title():
    assert Page(Card(title="iris").html()).text == "iris"
    assert Card(title="iris").text() == "iris"


def test_a_card_has_a_style_of_its_own_only():
    style = re.search(r"<style>(.*?)</style>", CARD.html(), re.DOTALL)[1]
    selectors = [each.strip() for each in re.findall(r"([^{}]+)\{[^}]*\}", style)]
    assert selectors
    assert all(each.startswith(".nb2svc-card") for each in selectors)


def test_progress_is_escaped():
    steps = Steps()
    for event in (
        Started("build", evil(1)),
        Step("build", evil(2), 3, 17),
        LogLine("build", evil(3)),
        Started("run", evil(4)),
        Finished("run", 1.0, evil(5)),
    ):
        steps.take(event)
    page = Page(steps.html())
    assert not page.open
    assert set(page.tags) == {"div", "span", "pre"}
    assert all(evil(number) in page.text for number in range(1, 6))
    assert "3/17" in page.text
    steps.take(Failed("build", 2.0, evil(6)))
    assert evil(6) in Page(steps.html()).text
    assert evil(3) in Page(steps.html()).text  # the last log lines of what failed stay
