def verify(ask, project):
    assert ask("POST", "/times?number=5") == (200, 15)
    assert ask("GET", "/origin") == (200, "the wheel of manylinux")
    locked = (project / "requirements.txt").read_text()
    assert "fabcocoa" not in locked
    assert "via fabnative (from the index wheels) (not in the kernel)" in locked.partition("fabepoll==1.0")[2]
