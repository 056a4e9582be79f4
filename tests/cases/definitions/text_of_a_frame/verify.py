def verify(ask, project):
    status, answer = ask("POST", "/shown?whole=false")
    assert status == 200
    assert "[1 rows x 24 columns]" in answer
    assert "column_8 " in answer  # a terminal has no room for so many
    assert "display.max_columns" in (project / "service" / "notebook.py").read_text()
