"""What a service may be called: one name for its folder, its image and its container."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 63  # of a DNS label, which Kubernetes and Compose make of it
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# names of devices on Windows, where no folder can have them
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def is_service_name(name: str) -> bool:
    """Lower-case letters, digits and single hyphens between them, at most 63 characters."""
    return len(name) <= MAX_LENGTH and _NAME.fullmatch(name) is not None and name not in _DEVICES


def service_name(text: str) -> str:
    """The service name nearest to ``text`` (a notebook's file name, a heading): ``My Notebook`` → ``my-notebook``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_LENGTH].rstrip("-")
    return name if is_service_name(name) else f"{name}-service".lstrip("-")[-MAX_LENGTH:].lstrip("-")
