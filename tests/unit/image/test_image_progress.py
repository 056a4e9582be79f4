"""BuildKit's plain progress, as its front ends of 2020 and of today write it."""

import pytest

from nb2svc.image.plain_progress import PlainProgress

OLD = """\
#1 [internal] load build definition from Dockerfile
#1 sha256:9d4cf4f3f1a4d1c5b5c3f1f7a5be8a1a4b7f2c5c2a4b9f3e6d8c7b6a59483726
#1 transferring dockerfile: 5.02kB done
#1 DONE 0.0s

#5 [dependencies 1/5] FROM docker.io/library/python:3.11-slim-bookworm
#5 CACHED

#8 [dependencies 4/5] RUN --mount=type=cache,target=/root/.cache/uv     --mount=type=secret,id=ca.pem     if [ -s /run/secrets/ca.pem ]; then export SSL_CERT_FILE=/run/secrets/ca.pem; fi;     uv venv /opt/venv  && uv pip install -r requirements.txt
#8 sha256:9d4cf4f3f1a4d1c5b5c3f1f7a5be8a1a4b7f2c5c2a4b9f3e6d8c7b6a59483726
#8 0.312 Resolved 22 packages in 347ms
#8 0.400
#8 ...

#6 [standard-library 2/2] RUN python -m compileall
#6 DONE 1.9s

#8 [dependencies 4/5] RUN --mount=type=cache,target=/root/.cache/uv     --mount=type=secret,id=ca.pem     if [ -s /run/secrets/ca.pem ]; then export SSL_CERT_FILE=/run/secrets/ca.pem; fi;     uv venv /opt/venv  && uv pip install -r requirements.txt
#8 2.000 Installed 22 packages in 1.2s
#8 DONE 3.4s

#19 exporting to image
#19 exporting layers 0.8s done
#19 writing image sha256:950afb4b1cdd65d6808dd705ff04b6281ec94f05916310d58497c84a4a122a35 done
#19 naming to docker.io/library/iris done
#19 DONE 0.9s
"""  # noqa: E501


def told(text):
    read = PlainProgress()
    return read, [said for line in text.splitlines() if (said := read.read(line))[0]]


def test_steps_are_told_once_without_mounts_and_output_is_a_log():
    read, said = told(OLD)
    assert said == [
        ("step", "dependencies 1/5: FROM docker.io/library/python:3.11-slim-bookworm"),
        ("step", "dependencies 4/5: RUN uv venv /opt/venv && uv pip install -r requirements.txt"),
        ("log", "Resolved 22 packages in 347ms"),
        ("step", "standard-library 2/2: RUN python -m compileall"),
        ("log", "Installed 22 packages in 1.2s"),
        ("step", "writing the image"),
    ]
    assert (read.cached, read.built) == (1, 3)


def test_a_long_instruction_is_cut():
    _, said = told("#7 [service 2/3] RUN " + "echo " * 60)
    assert said[0][1].endswith("…")
    assert len(said[0][1]) < 130


@pytest.mark.parametrize(
    "line", ["ERROR: failed to solve: process did not complete", "------", " > [stage 1/2] RUN false:"]
)
def test_what_is_no_step_is_a_log_line(line):
    assert PlainProgress().read(line) == ("log", line)


def test_an_error_of_a_step_is_no_finished_step():
    read, said = told("#8 [a 1/1] RUN false\n#8 ERROR: executor failed running [/bin/sh -c false]: exit code: 1")
    assert said == [("step", "a 1/1: RUN false")]
    assert (read.cached, read.built) == (0, 0)
