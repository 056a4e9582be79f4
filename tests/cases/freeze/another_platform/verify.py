import json


def verify(ask, project):
    assert json.loads((project / "nb2svc.json").read_text())["platform"] == "linux/arm64"
    locked = (project / "requirements.txt").read_text()
    assert locked.partition("fabspeed==1.0")[2].partition("#")[0].count("--hash=sha256:") == 2, "one for each platform"
    assert "fabsse" not in locked
    assert "via fabspeed (from the index wheels) (not in the kernel)" in locked.partition("fabneon==1.0")[2]
