"""All artifact files of a service: models in the formats chosen for them, and what shares parts in one file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ..values import Artifact, LiveObjects
from .artifacts import dump_objects
from .found import Found
from .native import model_artifact, object_artifact
from .objects import References
from .registry import MarkedModel


def dump_all(
    models: Iterable[MarkedModel], found: Found, staging: Path
) -> tuple[dict[str, Artifact], tuple[LiveObjects, ...]]:
    """The files of the served models by their public names, and those of live objects, in ``staging``.

    Raises ``UnpicklableError`` and ``CaptureError``.
    """
    marks = list(models)
    objects = tuple(_dump_group(names, marks, found, staging) for names in found.object_groups)
    artifacts: dict[str, Artifact] = {}
    by_object: dict[int, Artifact] = {}
    for mark in marks:
        together = [one.artifact for one in objects if mark.options.variable in one.names]
        known = [*together, *filter(None, [by_object.get(id(mark.value))])]
        artifacts[mark.public] = known[0] if known else model_artifact(mark, found, staging)
        by_object[id(mark.value)] = artifacts[mark.public]
    return artifacts, objects


def _dump_group(names: tuple[str, ...], marks: list[MarkedModel], found: Found, staging: Path) -> LiveObjects:
    inside = {id(mark.value) for mark in marks if mark.options.variable in names}
    variables = {mark.options.variable: mark for mark in marks if id(mark.value) in inside}
    objects = [name for name in names if name not in variables]
    stem = _stem(objects or names, {mark.public for mark in marks})
    artifact = object_artifact(names, found, stem, staging) if objects and not variables else None
    if artifact is None:
        values = {name: found.objects[name] for name in objects}
        values |= {variable: mark.value for variable, mark in variables.items()}
        artifact = dump_objects(
            dict(sorted(values.items())),
            target=staging / f"{stem}.pkl",
            others=_others(values, marks, found),
            views=found.views,
            references=_together(
                [found.object_references[name] for name in objects]
                + [found.model_references[mark.public] for mark in variables.values()]
            ),
            why=f"{', '.join(sorted(values))} of the notebook",
        )
    return LiveObjects(names=tuple(sorted({*names, *variables})), artifact=artifact)


def _others(values: Mapping[str, object], marks: list[MarkedModel], found: Found) -> dict[int, tuple[str, str]]:
    """How a file refers to what other files hold, by id."""
    own = {id(value) for value in values.values()}
    objects = {id(value): ("object", name) for name, value in sorted(found.objects.items(), reverse=True)}
    models = {id(mark.value): ("model", mark.options.variable) for mark in marks}
    return {key: reference for key, reference in (objects | models).items() if key not in own}


def _stem(names: Collection[str], taken: Collection[str]) -> str:
    first = min(names)
    return f"{first}-objects" if first in taken else first


def _together(references: list[References]) -> References:
    return References(
        notebook={key: one for each in references for key, one in each.notebook.items()},
        names={key: name for each in references for key, name in each.names.items()},
        modules={module for each in references for module in each.modules},
        environment={key: one for each in references for key, one in each.environment.items()},
    )
