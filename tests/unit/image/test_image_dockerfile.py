"""The Dockerfile and .dockerignore templates, for projects with everything and with nothing."""

import pytest

from nb2svc.export.render import render

PLAIN = {
    "name": "iris",
    "description": "",
    "python": "3.12",
    "base": "python:3.12-slim-bookworm",
    "labels": {},
    "environment": [],
    "system": [],
    "indexes": [],
    "included": [],
    "has_examples": False,
    "has_models": False,
    "left_out": [],
    "mounts": False,
    "has_data": False,
    "has_lib": False,
    "has_wheels": False,
}
FULL = {
    **PLAIN,
    "description": "Iris, for $5\nand more",
    "labels": {"io.nb2svc.name": "iris", "org.opencontainers.image.title": 'a "quoted" $title\\ of\ntwo lines'},
    "environment": ["API_KEY", "DB_URL"],
    "system": [{"name": "libgl1", "why": "libGL.so.1 for cv2"}, {"name": "libgomp1", "why": "libgomp.so.1\nfor x"}],
    "indexes": [{"name": "torch-cpu", "distributions": ["torch", "torchvision"]}],
    "included": ["settings.json"],
    "has_examples": True,
    "has_models": True,
    "left_out": ["models/large.pkl"],
    "mounts": True,
    "has_data": True,
    "has_lib": True,
    "has_wheels": True,
}


def instructions(text):
    """The Dockerfile's instructions, one line each, without comments."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("project", [PLAIN, FULL])
def test_the_front_end_inside_the_engine_reads_it(project):
    """No syntax line (it would be pulled), no heredoc, no COPY --link or --chmod: engines of 2020 know none of them."""
    text = render("Dockerfile", project=project)
    assert "# syntax" not in text
    assert "<<" not in text
    assert "COPY --link" not in text
    assert "--chmod" not in text
    assert text.endswith('CMD ["python", "-m", "service"]\n')
    assert "\n\n\n\n" not in text
    assert {line.split()[0] for line in instructions(text)} <= {
        "ARG", "FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "LABEL", "CMD",
    }  # fmt: skip


def test_the_last_stage_goes_from_rarely_to_often_changed():
    text = render("Dockerfile", project=FULL)
    last = text[text.index("AS service") :]
    places = [
        last.index(part)
        for part in (
            "passwd",
            "/bytecode",
            "/opt/venv /opt/venv",
            "models",
            "data data",
            "lib lib",
            "service service",
        )
    ]
    assert places == sorted(places)
    assert last.startswith("AS service")
    assert text.index("AS system") < text.index("apt-get") < text.index("FROM system AS service")
    assert "--mount=type=secret" not in last


def test_it_says_why_system_packages_and_which_index_it_needs():
    text = render("Dockerfile", project=FULL)
    assert "#   libgomp1: libgomp.so.1 for x\n" in text
    assert 'name the index "torch-cpu", which gives torch, torchvision.' in text
    assert "install --no-install-recommends libgl1 libgomp1 \\\n" in text
    assert "FROM ${BASE} AS service" in render("Dockerfile", project=PLAIN)


def test_labels_cannot_break_out_of_their_quotes():
    (label,) = [line for line in instructions(render("Dockerfile", project=FULL)) if line.startswith("LABEL")]
    assert r'org.opencontainers.image.title="a \"quoted\" \$title\\ of two lines"' in label
    assert 'io.nb2svc.name="iris"' in label


def test_what_the_user_wrote_cannot_end_a_comment():
    lines = render("Dockerfile", project=FULL).splitlines()
    assert lines[0] == "# iris: Iris, for $5 and more"
    assert "#   API_KEY" in lines


def test_parts_that_are_not_there_are_not_copied():
    text = render("Dockerfile", project=PLAIN)
    copied = [line.split()[-1] for line in instructions(text) if line.startswith("COPY --from=project")]
    assert copied == ["service", "./"]
    assert "apt-get" not in text
    assert "wheels" not in text


def test_models_on_a_volume_are_looked_for_where_it_is_mounted():
    text = render("Dockerfile", project=FULL)
    assert '--tmpfs /tmp -v "$PWD/models:/models:ro" -e API_KEY' in text
    assert "when the service starts: models/large.pkl\n" in text
    assert " SERVICE_MODELS=/models " in next(line for line in instructions(text) if line.startswith("ENV"))
    assert "/models" not in render("Dockerfile", project=PLAIN)


@pytest.mark.parametrize("project", [PLAIN, FULL])
def test_the_context_is_an_allow_list(project):
    lines = render("dockerignore", project=project).splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert rules.index("models/large.pkl") == rules.index("!models") + 1 if project is FULL else "!models" not in rules
    allowed = {line.removeprefix("!") for line in rules if line.startswith("!")}
    expected = {"requirements.txt", "nb2svc.json", "openapi.json", "service"}
    more = {"examples", "models", "data", "lib", "wheels", "settings.json"} if project is FULL else set()
    assert allowed == expected | more
