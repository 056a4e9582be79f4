"""No secret is written; what is no secret does not stop an export."""

import pickle
import re
import subprocess
import sys
from dataclasses import replace

import joblib
import numpy as np
import pytest

from nb2svc.capture.objects import place_of
from nb2svc.errors import ExportError
from nb2svc.export import leaks, plan
from nb2svc.export.leaks import refuse_secrets, refuse_secrets_of_document, secrets_of
from nb2svc.export.plan import StagedFile
from nb2svc.export.secrets import find_in_document, find_in_strings, find_in_text, secret_values
from nb2svc.values import Where

pytestmark = pytest.mark.once  # what scanners find in texts

# put together here, so that scanners of this repository find nothing
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB_TOKEN = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
RANDOM = "kP9xQ2mZ7vL4" + "nR8tB3wY6cF1dG5hJ0sA"
PASSWORD = "hunter2" + "hunter2"


@pytest.mark.parametrize(
    "line",
    [
        f'ACCESS = "{AWS_KEY}"',
        f'headers = {{"Authorization": "token {GITHUB_TOKEN}"}}',
        f'password = "{PASSWORD}"',
        f'password: str = "{PASSWORD}"',
        f'database = connect(password="{PASSWORD}")',
        f'url = "postgresql://ann:{PASSWORD}@db/iris"',
        f'salt = "{RANDOM}"',
        'hexadecimal = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"',
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_secrets_in_code_are_found(line):
    (found, *_) = find_in_text(f"x = 1\n{line}\n", "code")
    assert found.line == 2


@pytest.mark.parametrize(
    "line",
    [
        'password = os.environ["PASSWORD"]',
        "password: str = Field(min_length=8)",
        'api_key = config["api_key"]',
        'columns = ["sepal_length", "petal_width_in_centimetres_after_scaling"]',
        'PAD_TOKEN = "<pad>"',
        r'token_pattern = r"(?u)\b\w\w+\b"',
        'COLOURS = ["1f77b4", "ff7f0e", "2ca02c"]',
        'run = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"',
        'ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"',
        f'password = "{PASSWORD}"  # pragma: allowlist secret',
        'rename = {"pwd": "password"}',
    ],
)
def test_what_is_no_secret_is_left_alone(line):
    assert list(find_in_text(line, "code")) == []


def test_random_looking_data_is_no_secret():
    line = f'{{"image": "{RANDOM}"}}'
    assert list(find_in_text(line, "data")) == []
    assert [found.kind for found in find_in_text(f'{{"password": "{PASSWORD}"}}', "data")] == ["Secret Keyword"]
    assert list(find_in_text(f'{{"password": "{PASSWORD}"}}', "text")) == []


def test_strings_of_a_pickle_are_read_with_their_keys():
    assert [found.value for found in find_in_strings(["user", "ann", "password", PASSWORD])] == [PASSWORD]
    assert [found.kind for found in find_in_strings(["x", AWS_KEY])] == ["AWS Access Key"]
    assert list(find_in_strings(["word", RANDOM, "model", "password"])) == []


def test_a_document_is_read_by_its_keys():
    headers = {"Authorization": "Bearer abcdefghijkl", "X-Api-Key": PASSWORD, "accept": "*/*", "cookie": "a=b"}
    document = {
        "request": {"headers": headers, "json": {"password": PASSWORD, "token": "word", "note": [AWS_KEY, "x"]}},
        "response": {"json": {"access_token": RANDOM, "id": RANDOM, "secret": ""}},
    }
    assert [(path, found.value) for path, found in find_in_document(document)] == [
        ("request.headers.Authorization", "abcdefghijkl"),
        ("request.headers.X-Api-Key", PASSWORD),
        ("request.json.password", PASSWORD),
        ("request.json.note[0]", AWS_KEY),
        ("response.json.access_token", RANDOM),
    ]


@pytest.mark.parametrize("line", [f"password = {PASSWORD}", f"db_password: '{PASSWORD}'", f"API_KEY={PASSWORD}"])
def test_settings_need_no_quotes(line):
    assert [found.value for found in find_in_text(line, "config")] == [PASSWORD]
    assert list(find_in_text(line, "text")) == []


@pytest.mark.parametrize(
    "line", ["password = ", "# password = x1y2", "secret: false", "password: ${PASSWORD}", "pwd = 8"]
)
def test_settings_without_a_secret(line):
    assert list(find_in_text(line, "config")) == []


def test_secret_variables_are_known_by_name():
    variables = {"API_KEY": "a" * 12, "HOME": "/root/x/y", "DB_PASSWORD": "short", "SECRET_FILE": "/run/secrets/x"}
    assert secret_values({**variables, "GITHUB_TOKEN": "b" * 12}) == {"a" * 12: "API_KEY", "b" * 12: "GITHUB_TOKEN"}


def test_the_refusal_leads_to_the_cell_and_hides_the_value(with_definition, lock):
    made = plan(with_definition("ACCESS", f'# our bucket\nACCESS = "{AWS_KEY}"'), lock)
    with pytest.raises(ExportError) as error:
        refuse_secrets(made)
    text = str(error.value)
    assert error.value.problems[0].where == Where(notebook="iris.ipynb", cell=9, name="ACCESS")
    assert f"{error.value.problems[0].where}: service/notebook.py, line " in text
    assert "(AWS Access Key)" in text
    assert 'os.environ["ACCESS"]' in text
    assert "--allow-secret ACCESS" in text
    assert AWS_KEY not in text
    refuse_secrets(made, {"ACCESS"})


def test_an_example_is_searched(spec, lock):
    example = spec.examples[1]
    request = {**example.request, "json": {"password": PASSWORD}}
    made = plan(replace(spec, examples=(replace(example, request=request),)), lock)
    with pytest.raises(ExportError, match=r"examples/predict-1\.json at request\.json\.password would hold") as error:
        refuse_secrets(made)
    assert error.value.problems[0].where.cell == 5
    refuse_secrets(made, {"examples/predict-1.json"})


def test_the_state_pickle_is_searched_and_not_run(spec, lock, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was run",))

    state = tmp_path / "state.pkl"
    state.write_bytes(pickle.dumps({"config": {"password": PASSWORD}, "bomb": Bomb()}, protocol=5))
    made = plan(spec, lock)
    made = replace(made, files={**made.files, "models/vocabulary.pkl": StagedFile(state)})
    with pytest.raises(ExportError, match=r"models/vocabulary\.pkl would hold what looks like a secret"):
        refuse_secrets(made)


def test_the_head_of_a_large_state_is_searched_and_no_more_is_read(spec, lock, tmp_path):
    state = tmp_path / "state.pkl"
    with state.open("wb") as file:
        pickle.dump({"config": {"password": PASSWORD}, "words": ["correct horse battery"]}, file, protocol=5)
        file.truncate(leaks.MAX_BINARY + 100)  # what follows the pickle are its large arrays
    made = plan(spec, lock)
    made = replace(made, files={**made.files, "models/vocabulary.pkl": StagedFile(state)})
    with pytest.raises(ExportError, match=r"models/vocabulary\.pkl would hold what looks like a secret"):
        refuse_secrets(made)
    with pytest.raises(ExportError, match="the value of the secret PASSPHRASE"):
        refuse_secrets(made, known={"PASSPHRASE": "correct horse battery"})


def test_the_value_of_a_secret_variable_is_found_anywhere(with_definition, lock, monkeypatch):
    value = "correct horse battery"
    made = plan(with_definition("GREETING", f'GREETING = "{value}"'), lock)
    refuse_secrets(made)
    monkeypatch.setenv("WEATHER_API_KEY", value)
    with pytest.raises(ExportError, match="the value of the secret WEATHER_API_KEY"):
        refuse_secrets(made)
    refuse_secrets(made, {"WEATHER_API_KEY"})


def test_a_secret_that_the_notebook_held_is_found_in_its_pickles(spec, lock, tmp_path):
    model = tmp_path / "model.joblib"
    model.write_bytes(pickle.dumps({"client": ["correct horse battery"]}))
    made = plan(spec, lock)
    made = replace(made, files={**made.files, "models/model.joblib": StagedFile(model)})
    refuse_secrets(made)
    with pytest.raises(ExportError, match="the value of the secret PASSPHRASE") as error:
        refuse_secrets(made, known={"PASSPHRASE": "correct horse battery"})
    assert error.value.problems[0].where.name == "model"
    assert "correct horse" not in str(error.value)


def with_file(made, path, content):
    return replace(made, files={**made.files, path: content})


def test_a_joblib_file_is_searched_beyond_its_arrays(spec, lock, tmp_path):
    model = tmp_path / "model.joblib"
    joblib.dump({"weights": np.arange(5_000.0), "later": {"password": PASSWORD}, "key": AWS_KEY}, model)
    with pytest.raises(ExportError) as error:
        refuse_secrets(with_file(plan(spec, lock), "models/model.joblib", StagedFile(model)))
    assert {"(Secret Keyword)", "(AWS Access Key)"} <= set(re.findall(r"\([A-Z].*?\)", str(error.value)))


def test_a_value_in_an_array_of_text_is_found(spec, lock, tmp_path):
    state = tmp_path / "state.pkl"
    state.write_bytes(pickle.dumps(np.array(["one", "correct horse battery"])))
    with pytest.raises(ExportError, match="the value of the secret PASSPHRASE"):
        refuse_secrets(
            with_file(plan(spec, lock), "models/vocabulary.pkl", StagedFile(state)),
            known={"PASSPHRASE": "correct horse battery"},
        )


def test_the_place_in_a_live_object_leads_to_its_cell(spec, lock, tmp_path):
    state = tmp_path / "state.pkl"
    state.write_bytes(pickle.dumps({"vocabulary": {"auth": {"password": PASSWORD}}}, protocol=5))
    made = with_file(plan(spec, lock), "models/vocabulary.pkl", StagedFile(state))
    live = {"vocabulary": {"auth": {"password": PASSWORD}}}
    with pytest.raises(ExportError) as error:
        refuse_secrets(made, place=lambda _, text: place_of(text, live["vocabulary"], "vocabulary"))
    (problem,) = error.value.problems
    (definition,) = [one for one in spec.closure.definitions if one.name == "vocabulary"]
    assert problem.where == definition.where
    assert problem.message.startswith("vocabulary['auth']['password'], in models/vocabulary.pkl, would hold")
    assert "--allow-secret vocabulary" in problem.hint


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("data/.env", f"DB_PASSWORD={PASSWORD}", "Secret Keyword"),
        ("settings.yaml", f"password: {PASSWORD}", "Secret Keyword"),
        ("config.json", f'{{"password": "{PASSWORD}"}}', "Secret Keyword"),
        ("notes.md", f"use {AWS_KEY}", "AWS Access Key"),
        ("lib/partner.py", f'salt = "{RANDOM}"', "Base64 High Entropy String"),
    ],
)
def test_included_files_and_helper_modules_are_searched(spec, lock, path, content, kind):
    with pytest.raises(ExportError) as error:
        refuse_secrets(with_file(plan(spec, lock), path, content.encode()))
    (problem,) = error.value.problems
    assert problem.message == f"{path}, line 1, would hold what looks like a secret ({kind})"
    refuse_secrets(with_file(plan(spec, lock), path, content.encode()), {path})


def test_the_notebook_s_name_and_description_are_searched(spec, lock):
    with pytest.raises(ExportError) as error:
        refuse_secrets(plan(replace(spec, notebook=f"{AWS_KEY}.ipynb", description=f"of {GITHUB_TOKEN}"), lock))
    files = {problem.message.partition(",")[0] for problem in error.value.problems}
    assert {"README.md", "nb2svc.json", "Dockerfile"} <= files


def test_what_is_allowed_stands_in_the_manifest(with_definition, lock):
    spec = with_definition("ACCESS", f'ACCESS = "{AWS_KEY}"')
    assert plan(spec, lock).manifest.allowed_secrets == ()
    assert plan(spec, lock, allow_secrets=["ACCESS", "A"]).manifest.allowed_secrets == ("A", "ACCESS")


def test_a_service_without_a_lock_is_searched_too(with_definition):
    spec = with_definition("ACCESS", f'ACCESS = "{AWS_KEY}"')
    (problem,) = secrets_of(spec)
    assert problem.where == Where(notebook="iris.ipynb", cell=9, name="ACCESS")
    assert secrets_of(spec, {"ACCESS"}) == ()


def test_a_default_from_the_environment_is_found_in_the_openapi_document(spec, lock, monkeypatch):
    monkeypatch.setenv("WEATHER_API_KEY", "correct horse battery")
    with pytest.raises(ExportError, match=r"openapi\.json"):
        refuse_secrets_of_document('{"default": "correct horse battery"}', plan(spec, lock))


def test_an_ordinary_service_passes(spec, lock):
    refuse_secrets(plan(spec, lock))


def test_the_copied_runtime_holds_none(spec, lock):
    runtime = {path: text for path, text in plan(spec, lock).files.items() if path.startswith("service/runtime/")}
    assert len(runtime) > 5
    for text in runtime.values():
        assert list(find_in_text(text.decode(), "code")) == []


def test_scanners_are_imported_only_when_needed():
    code = "import sys, nb2svc.export; sys.exit(bool({'detect_secrets', 'jinja2', 'fastapi'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
