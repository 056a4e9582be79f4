def verify(ask, project):
    status, pixels = ask("POST", "/blurred", [[255, 255], [255, 255]])
    assert (status, pixels) == (200, [[255, 255], [255, 255]])
    names = {line.split("==")[0] for line in (project / "requirements.in").read_text().splitlines()}
    assert {name for name in names if name.startswith("opencv")} == {"opencv-python-headless"}
