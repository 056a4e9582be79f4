"""Service and lock to a project: planned purely, then written whole or not at all."""

from .committed import exports_of, notebooks_with_exports
from .compare import Difference, compare
from .finish import Finish, Finisher, describe
from .leaks import secrets_of
from .names import is_service_name, service_name
from .plan import Plan, StagedFile, plan
from .projects import load_project, zip_project
from .write import write

__all__ = [
    "Difference",
    "Finish",
    "Finisher",
    "Plan",
    "StagedFile",
    "compare",
    "describe",
    "exports_of",
    "is_service_name",
    "load_project",
    "notebooks_with_exports",
    "plan",
    "secrets_of",
    "service_name",
    "write",
    "zip_project",
]
