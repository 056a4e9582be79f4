"""Data files: paths in code, files that are opened, and what becomes of each."""

# ruff: noqa: PTH118, PTH123, PTH208, SIM115 - opened as people do it

from __future__ import annotations

import ast
import os
import sqlite3
import sys
import tempfile
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import pytest

from nb2svc import naming
from nb2svc.capture.expressions import evaluate, places_in, scoped
from nb2svc.capture.files import DataFiles
from nb2svc.capture.opened import watching
from nb2svc.capture.paths import paths_named
from nb2svc.capture.reach import reached
from nb2svc.errors import UsageError
from nb2svc.values import Definition, HelperModule, Where

WHERE = Where(cell=4, name="handler")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The notebook's folder, with some files; older than any test."""
    monkeypatch.chdir(tmp_path)
    for name in ("names.txt", "data/a.csv", "data/b.csv", "data/deep/c.json", "shop.db", "plain"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (1_000_000, 1_000_000))
    return tmp_path


def named(code, **values):
    return [one.path for one in paths_named([ast.parse(textwrap.dedent(code))], values)]


@pytest.mark.parametrize(
    ("code", "paths"),
    [
        ('open("names.txt")', ["names.txt"]),
        ('open("plain")', ["plain"]),
        ('pd.read_csv("data/a.csv", sep=";")', ["data/a.csv"]),
        ('pd.read_csv(DATA / "a.csv")', ["data/a.csv"]),
        ('pd.read_csv(filepath_or_buffer=os.path.join("data", "a" + ".csv"))', ["data/a.csv"]),
        ('Path("names.txt").read_text()', ["names.txt"]),
        ('(Path.cwd() / "data").joinpath("a.csv").open()', ["data/a.csv"]),
        ('Path("data/a.csv").with_name("b.csv").resolve().read_bytes()', ["data/b.csv"]),
        ('np.load(f"{DATA}/a.csv")', ["data/a.csv"]),
        ('sqlite3.connect("shop.db")', ["shop.db"]),
        ('create_engine("sqlite:///shop.db")', ["shop.db"]),
        ('FileResponse(path="names.txt")', ["names.txt"]),
        ("def f(name='names.txt'):\n    return open(name)", ["names.txt"]),
        ("def f():\n    path = DATA\n    path = path / 'a.csv'\n    return open(path)", []),  # bound twice
        ("def f():\n    path = DATA / 'a.csv'\n    return [open(path) for _ in x]", ["data/a.csv"]),
        ("glob.glob('data/*.csv')", ["data/*.csv"]),
        ("Path('data').rglob('*.csv')", ["data/*.csv"]),
        ("open(CONFIG.parents[0] / 'b.csv')", ["data/b.csv"]),
        ('open("out.txt", "w").write("x")', []),
        ('open("out.txt", mode="a")', []),
        ('df.to_csv("out.csv"); joblib.dump(m, "m.joblib"); Path("x.txt").write_text("y")', []),
        ('logging.FileHandler("app.log"); print("names.txt"); raise HTTPException(404, "names.txt")', []),
        ('d.get("names.txt"); "names.txt".split("."); zipfile.ZipFile("x.zip", "w")', []),
        ('requests.get("https://example.org/a.csv")', []),
        ("open(unknown)", []),
    ],
)
def test_paths_in_code(code, paths):
    assert named(code, DATA=Path("data"), CONFIG=Path("data/a.csv")) == paths


def test_expressions_that_depend_on_each_other_end():
    tree = ast.parse("def f():\n    a = b\n    b = a\n    return open(a)")
    assert named("def f():\n    a = b\n    b = a\n    return open(a)") == []
    assert len([evaluate(node, scope) for node, scope in scoped([tree], {}) if isinstance(node, ast.Name)]) > 3


def definition(source):
    return Definition(name="handler", kind="function", source=textwrap.dedent(source), where=WHERE)


def looked_at(source, included=(), **values):
    files = DataFiles(dict(included), lambda _: False)
    one = definition(source)
    files.read_definition(one, places_in(one.source, values))
    return [one.message for one in files.problems]


def test_a_file_that_is_there_must_be_included(here):
    source = (
        'def handler():\n    return open("names.txt"), open("missing.txt"), open("/etc/hostname"), open(os.devnull)'
    )
    assert looked_at(source) == ["the file names.txt is not in the service"]
    assert looked_at(source, {"names.txt": here / "names.txt"}) == []


def test_a_file_must_be_where_its_path_leads_from_the_folder_of_now(here, monkeypatch):
    included = {"data/a.csv": here / "data/a.csv"}
    assert looked_at('open("data/a.csv")', included) == []
    monkeypatch.chdir(here / "data")
    assert looked_at('open("a.csv")', included) == ["the file a.csv is not in the service"]
    assert looked_at('open("a.csv")', {"a.csv": here / "data/a.csv"}) == []


def test_a_folder_and_a_pattern_are_named_as_such(here):
    assert looked_at('os.listdir("data")') == ["the folder data is not in the service"]
    assert looked_at('glob.glob("data/*.csv")') == ["the files data/*.csv are not in the service"]
    assert looked_at('os.listdir("data")', {"data/a.csv": here / "data/a.csv"}) == []
    assert looked_at('os.listdir(".")') == []


def test_a_path_that_the_service_does_not_have(here, tmp_path_factory):
    assert looked_at("open(ABSOLUTE)", ABSOLUTE=str(here / "names.txt")) == [
        "names.txt is read by its absolute path, which is another in the service"
    ]
    other = tmp_path_factory.mktemp("other") / "x.csv"
    other.write_text("x")
    (message,) = looked_at("open(OTHER)", OTHER=other)
    assert message == f"{other} lies outside the notebook's folder and is not in the service"


def test_a_dotenv_file_is_never_data(here):
    (here / ".env").write_text("A=1")
    assert looked_at('load_dotenv(".env"); open(".env")') == []


def helper_of(here, source, name="kit"):
    (here / "kit").mkdir(exist_ok=True)
    (here / "kit/__init__.py").write_text(source)
    for one in ("words.txt", "langs/en.txt", "langs/de.txt", "stop.txt", "more.py"):
        path = here / "kit" / one
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    return {name: HelperModule(name=name, path="lib/kit/__init__.py", source=source.encode(), where=WHERE)}


@pytest.fixture
def importable(here, monkeypatch):
    monkeypatch.syspath_prepend(here)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield here
    sys.modules.pop("kit", None)


def read_helpers(files, helpers, used):
    trees = {name: ast.parse(helper.source) for name, helper in helpers.items()}
    files.read_helpers(helpers, trees, reached(trees, used))


@pytest.mark.parametrize("loaded", [True, False])
def test_files_of_a_helper_package_come_along(importable, loaded):
    helpers = helper_of(
        importable,
        "from importlib import resources\nfrom pathlib import Path\nimport pkgutil\nHERE = Path(__file__).parent\n"
        "def used():\n    text = (HERE / 'words.txt').read_text()\n    list((HERE / 'langs').glob('*.txt'))\n"
        "    return text, pkgutil.get_data(__name__, 'stop.txt'), open(HERE.parent / 'data' / 'a.csv')\n"
        "def train():\n    return (HERE / 'more.txt').read_text(), open('names.txt')\n",
    )
    if loaded:
        __import__("kit")
    files = DataFiles({}, lambda _: False)
    read_helpers(files, helpers, {"used"})
    expected = ["data/a.csv", "kit/langs/de.txt", "kit/langs/en.txt", "kit/stop.txt", "kit/words.txt"]
    assert sorted(files.copied) == [f"lib/{name}" for name in expected if loaded or "stop" not in name]
    assert files.problems == []
    read_helpers(files, helpers, {"used", "train"})
    assert [(str(one.where), one.message) for one in files.problems] == [
        ("cell [4] › kit", "the file names.txt is not in the service")
    ]


def test_files_above_a_helper_lie_above_lib_where_they_can(importable, monkeypatch):
    for name in ("models/m.txt", "tables/t.txt"):
        (importable / name).parent.mkdir()
        (importable / name).write_text("x")
    (importable / "src").mkdir()
    monkeypatch.syspath_prepend(importable / "src")
    source = "from pathlib import Path\nUP = Path(__file__).parents[2]\nA = (UP / 'models/m.txt').read_text()\n"
    helpers = helper_of(importable / "src", source + "B = (UP / 'tables' / 't.txt').read_text()\n")
    files = DataFiles({}, lambda _: False)
    read_helpers(files, helpers, set())
    assert [one.message for one in files.problems] == ["models/m.txt would not be found beside lib/ in the service"]
    assert files.copied == {"tables/t.txt": importable / "tables/t.txt"}


# --- what is opened -----------------------------------------------------------------------------


def opened(work, who=WHERE):
    with watching(who) as watch:
        work()
    return {os.path.relpath(one.path): one for one in watch.opened}


def test_only_what_this_context_reads_is_seen(here):
    outside = threading.Thread(target=lambda: Path("plain").read_text())

    def work():
        outside.start()
        outside.join()
        open("names.txt").close()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, Path("data/a.csv").read_text).result()
        sqlite3.connect("shop.db").close()
        assert sorted(os.listdir("data")) == ["a.csv", "b.csv", "deep"]

    found = opened(work, Where(cell=1, name="context"))
    assert sorted(found) == ["data", "data/a.csv", "names.txt", "shop.db"]
    assert found["data"].is_folder
    assert found["names.txt"].given == "names.txt"
    assert found["names.txt"].by == __file__


def test_what_is_written_first_or_not_there_is_no_data(here):
    def work():
        with pytest.raises(FileNotFoundError):
            open("missing.txt")
        Path("new.txt").write_text("x")
        Path("new.txt").read_text()
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).read_bytes()
        descriptor = os.open("plain", os.O_WRONLY | os.O_APPEND)
        os.close(descriptor)
        open("plain").close()

    assert opened(work, Where(cell=1, name="writes")) == {}


def test_what_python_opens_for_itself_is_no_data(here, monkeypatch):
    monkeypatch.syspath_prepend(here)
    (here / "late.py").write_text("from pathlib import Path\nX = Path('names.txt').read_text()\n")

    def work():
        import linecache

        __import__("late")
        linecache.getlines(str(here / "late.py"))

    try:
        assert list(opened(work, Where(cell=1, name="python"))) == ["names.txt"]
    finally:
        sys.modules.pop("late", None)


def test_what_was_read_before_counts_where_it_is_cached(here):
    who = Where(cell=1, name="cached")
    assert list(opened(lambda: Path("names.txt").read_text(), who)) == ["names.txt"]
    assert list(opened(lambda: None, who)) == ["names.txt"]
    assert list(opened(lambda: None, Where(cell=2, name="cached"))) == []


def test_opened_files_become_problems_or_come_along(importable, tmp_path_factory):
    helpers = helper_of(importable, "from pathlib import Path\ndef read(path):\n    return Path(path).read_text()\n")
    kit = __import__("kit")
    home = tmp_path_factory.mktemp("home") / "cache.bin"
    home.write_text("x")
    os.utime(home, (1_000_000, 1_000_000))
    for path in (importable / "kit").rglob("*"):
        os.utime(path, (1_000_000, 1_000_000))

    def work():
        kit.read(os.path.join(kit.__path__[0], "langs", "en.txt"))
        open("names.txt").close()
        open(home).close()
        open("/etc/hostname").close()

    with watching(Where(cell=9, name="all")) as watch:
        work()
    files = DataFiles({}, lambda _: False)
    files.read_opened(watch.opened, helpers, WHERE)
    assert list(files.copied) == ["lib/kit/langs/en.txt"]
    assert [one.message for one in files.problems] == ["the file names.txt is not in the service"]
    assert [one.message for one in files.warnings] == [
        f"{home} lies outside the notebook's folder and is not in the service"
    ]


# --- %nb2svc include ----------------------------------------------------------------------------


def test_files_folders_and_patterns_are_included(here):
    assert [path for path, _ in naming.included((), ["data", "*.txt", "plain"], here)] == [
        "data/a.csv",
        "data/b.csv",
        "data/deep/c.json",
        "names.txt",
        "plain",
    ]
    (here / "empty").mkdir()
    for name, words in {
        "empty": "no file in empty",
        "no*": None,
        "missing": "no file missing",
        "..": "outside",
    }.items():
        if words:
            with pytest.raises(UsageError, match=words):
                naming.included((), [name], here)
