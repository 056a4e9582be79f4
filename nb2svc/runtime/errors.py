"""The errors that stop a service from starting.

ServiceError            says what is wrong and, as ``hint``, what to do next
├── ManifestError       nb2svc.json is missing or cannot be read
├── ArtifactError       a model file is missing, changed, cannot be fetched or cannot be loaded
└── SettingsError       an environment variable is missing or wrong
"""

from __future__ import annotations


class ServiceError(Exception):
    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(f"{message}\n  → {hint}")
        self.message = message
        self.hint = hint


class ManifestError(ServiceError):
    pass


class ArtifactError(ServiceError):
    pass


class SettingsError(ServiceError):
    pass
