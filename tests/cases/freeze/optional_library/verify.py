def verify(ask, project):
    roots = (project / "requirements.in").read_text()
    assert "# beautifulsoup4 uses it where it is installed, as in the notebook" in roots
    # What lxml makes of it; html.parser would leave the second paragraph inside of the first.
    assert ask("POST", "/tree", {"html": "<p>one<p>two"}) == (
        200,
        {"tree": "<html><body><p>one</p><p>two</p></body></html>", "mean": 1.5},
    )
    assert "matplotlib" not in (project / "requirements.txt").read_text(), "for looking at results"
