"""Pushing to a real registry, and looking at what arrived there with another tool."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from requirement import REGISTRY, need

from nb2svc.errors import RegistryError, UsageError
from nb2svc.image import inspect, push


def skopeo(reference):
    need("registry", "" if shutil.which("skopeo") else "skopeo is not installed")
    command = ["skopeo", "inspect", "--tls-verify=false", f"docker://{reference}"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_the_registry_has_what_was_pushed(image, registry, token):
    said = []
    digest = push(image.reference, f"{REGISTRY}/team/prices:{token}", emit=said.append)
    found = skopeo(f"{REGISTRY}/team/prices:{token}")
    assert found["Digest"] == digest
    assert found["Labels"]["io.nb2svc.name"] == "prices"
    assert len(found["Layers"]) == len(image.layers)
    assert [event.done for event in said if getattr(event, "done", None)][-1] == len(image.layers)
    with pytest.raises(UsageError):  # the name was only lent for the push
        inspect(f"{REGISTRY}/team/prices:{token}")


def test_a_registry_that_does_not_answer(image):
    with pytest.raises(RegistryError, match="does not answer") as failed:
        push(image.reference, "127.0.0.1:1/team/prices:1.0")
    assert failed.value.log


@pytest.mark.parametrize("target", ["Team/Prices:1", "prices@sha256:" + "0" * 64, ""])
def test_a_name_that_is_none(image, target):
    with pytest.raises(UsageError):
        push(image.reference, target)
