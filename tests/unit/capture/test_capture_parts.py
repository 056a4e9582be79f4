from __future__ import annotations

import ast
import os
import re
from typing import Literal, TypeVar

import pytest

from nb2svc.capture import literals, startup
from nb2svc.capture.environment import variables_read
from nb2svc.capture.inputs import Inputs
from nb2svc.capture.options import EndpointOptions, ModelOptions
from nb2svc.capture.ordering import Node, in_order
from nb2svc.capture.registry import MarkedEndpoint, MarkedModel, Registry
from nb2svc.capture.sources import indent
from nb2svc.values import Definition, Where


def statement(text):
    return ast.parse(text).body[0]


@pytest.mark.parametrize(
    ("text", "value", "same"),
    [
        ("A = [1, 2]", [1, 2], True),
        ("A: list = [1, 2]", [1, 2], True),
        ("A = [1, 2]", [1, 2, 3], False),  # appended to since
        ("A = [1, 2]", [1, 2.0], False),
        ("A = {'b': 1, 'a': 2}", {"a": 2, "b": 1}, False),  # other order
        ("A = 1", True, False),
        ("A = 0.0", -0.0, False),
        ("A = x", 1, False),
        ("A, B = 1, 2", 1, False),
        ("A = {1, 2}", {1, 2}, True),
    ],
)
def test_a_statement_is_kept_only_while_it_says_what_the_value_is(text, value, same):
    assert literals.says_the_same(statement(text), "A", value) is same


def test_literals_read_back_as_they_were():
    for value in (1, 1.5, "a", None, [1, ("x", b"y")], {"k": [True]}):
        assert ast.literal_eval(literals.literal_source("A", value).removeprefix("A = ")) == value
    for value in (float("nan"), float("inf"), {1, 2}, object(), "x" * 5000, {"k": object()}):
        assert literals.literal_source("A", value) is None


def test_declarations():
    assert literals.is_declaration(Literal["a"], statement('K = Literal["a"]'))
    assert literals.is_declaration(TypeVar("T"), statement('T = TypeVar("T")'))
    assert literals.is_declaration(list[int], statement("V = list[int]"))
    assert literals.is_declaration(re.compile("a+"), statement('P = re.compile("a+")'))
    assert not literals.is_declaration(re.compile("a+"), statement('P = re.compile("b+")'))
    assert not literals.is_declaration(3, statement("x = 3"))


def test_secrets_by_name():
    for name in ("API_KEY", "db_password", "token", "MY_SECRET", "HF_TOKEN", "aws_secret_key"):
        assert literals.is_secret(name, "s3cr3t-value"), name
    for name, value in {
        "TOKEN_PATTERN": r"\w+",
        "PAD_TOKEN": "<pad>",
        "tokenizer": "x",
        "key": "x",
        "API_KEY": "",
        "PASSWORD": 3,
    }.items():
        assert not literals.is_secret(name, value), name


def test_environment_variables(monkeypatch):
    monkeypatch.setenv("SET_HERE", "1")
    source = 'import os\ndef f():\n    a = os.environ["A"]\n    os.environ["WRITTEN"] = "x"\n'
    source += '    return os.getenv("SET_HERE", "d"), os.environ.get("NOT_SET_HERE")'
    assert "NOT_SET_HERE" not in os.environ
    assert variables_read(source) == {"A", "SET_HERE"}


def test_a_startup_cell_becomes_a_function():
    source = 'import db\n\ntext = """\n  kept\nas it is"""\npool = db.open()\n'
    function = startup.function_source("startup", source)
    assert function.startswith("def startup():\n    global db, pool, text\n")
    assert '"""\n  kept\nas it is"""' in function
    namespace = {"__builtins__": {"__import__": lambda *a: type("m", (), {"open": staticmethod(lambda: "open")})}}
    exec(function + "\nstartup()", namespace)
    assert namespace["pool"] == "open"
    assert startup.function_source("s", "x = await f()").startswith("async def s()")
    assert startup.function_source("s", "async def g():\n    await f()").startswith("def s()")
    assert startup.free_name({"startup"}, 1) == "startup_cell"


def test_indentation_leaves_strings_alone():
    assert indent("a = '''x\ny'''\nb = 1") == "    a = '''x\ny'''\n    b = 1"


def node(name, line, early=(), late=()):
    return Node(Definition(name=name, kind="function", source=name), (1, line), frozenset(early), frozenset(late))


def ordered(*nodes):
    return [definition.name for definition in in_order({one.definition.name: one for one in nodes})]


def test_the_notebook_s_order_is_kept_where_it_runs():
    assert ordered(node("b", 1, late={"a"}), node("a", 2)) == ["b", "a"]


def test_what_a_definition_needs_goes_before_it():
    assert ordered(node("b", 1, early={"a"}), node("a", 2)) == ["a", "b"]


def test_what_a_decorator_calls_goes_before_what_it_decorates():
    nodes = [node("handler", 1, early={"register"}), node("register", 2, late={"TABLE"}), node("TABLE", 3)]
    assert ordered(*nodes) == ["TABLE", "register", "handler"] or ordered(*nodes) == ["register", "TABLE", "handler"]
    assert ordered(*nodes)[-1] == "handler"


def test_functions_that_call_each_other_end():
    assert ordered(node("a", 1, late={"b"}), node("b", 2, late={"a"})) == ["a", "b"]
    assert set(ordered(node("a", 1, early={"b"}), node("b", 2, early={"a"}))) == {"a", "b"}


def endpoint(name, path, cell_id=None, method="POST"):
    return MarkedEndpoint(
        options=EndpointOptions(),
        public=name,
        handler=name,
        function=len,
        method=method,
        path=path,
        requests=(),
        body=None,
        parameters=None,
        where=Where(),
        cell_id=cell_id,
    )


def model(public, variable, cell_id=None):
    return MarkedModel(
        options=ModelOptions(variable=variable),
        public=public,
        value=1,
        methods=(),
        example=None,
        inputs=Inputs(),
        where=Where(),
        cell_id=cell_id,
    )


def test_what_a_mark_takes_the_place_of():
    registry = Registry().put(endpoint("a", "/a", "1")).put(endpoint("b", "/b", "2"))
    assert [one.public for one in registry.put(endpoint("c", "/c", "1")).endpoints] == ["c", "b"]  # the same cell
    assert [one.public for one in registry.put(endpoint("c", "/b")).endpoints] == ["a", "c"]  # the same path
    assert [one.path for one in registry.put(endpoint("a", "/z", "9")).endpoints] == ["/z", "/b"]  # the same name
    assert len(registry.put(endpoint("c", "/b", method="GET")).endpoints) == 3
    assert [one.public for one in registry.without_cells({"1"}).endpoints] == ["b"]
    assert [one.public for one in Registry().put(model("m", "clf")).put(model("n", "clf")).models] == ["n"]
    assert len(registry.put(model("a", "a")).marks) == 3  # a model and an endpoint may share a name
