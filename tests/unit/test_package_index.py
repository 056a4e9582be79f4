"""Index settings: uv gets what pip would use, and nothing of it gets further."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nb2svc.index_files import pip_settings
from nb2svc.package_index import user_index, without_addresses


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing set, the machine's own configuration files out of the way."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}


def pip_conf(home: dict[str, str], text: str) -> dict[str, str]:
    path = Path(home["HOME"], "chosen-pip.conf")
    path.write_text(text)
    return {**home, "PIP_CONFIG_FILE": str(path)}


def index_of(environ: dict[str, str], tmp_path: Path):
    return user_index(environ, tmp_path / "work")


def test_pips_indexes_are_translated(home, tmp_path: Path) -> None:
    environ = pip_conf(
        home,
        "[global]\nindex-url = https://user:secret@main.example/simple\n"
        "extra-index-url =\n    https://one.example/simple\n    https://two.example/simple\n"
        "trusted_host = one.example two.example\n[install]\ntimeout = 60\n",
    )
    index = index_of(environ, tmp_path)
    assert index.environment["UV_DEFAULT_INDEX"] == "https://user:secret@main.example/simple"
    assert index.environment["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert index.environment["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert index.environment["UV_INSECURE_HOST"] == "one.example two.example"
    assert index.environment["UV_HTTP_TIMEOUT"] == "60"
    assert index.name_of("https://one.example/simple/a/") == "the index of pip's extra-index-url"
    assert index.name_of("https://main.example/simple/a/") == "the index of pip's index-url"
    assert index.name_of("https://elsewhere.example/simple/a/") == "the default package index"
    assert "secret" not in "".join(index.state)
    assert any("main.example" in part for part in index.state)


def test_the_environment_is_stronger_than_pips_files(home) -> None:
    environ = pip_conf(home, "[global]\nindex-url = https://file.example\nno-index = false\n")
    found = pip_settings({**environ, "PIP_INDEX_URL": "https://variable.example", "PIP_NO_INDEX": "1"})
    assert (found["index-url"], found["no-index"]) == ("https://variable.example", "1")


def test_pips_files_can_be_turned_off_and_spoilt_ones_are_passed_over(home) -> None:
    assert "index-url" not in pip_settings({**home, "PIP_CONFIG_FILE": os.devnull})
    assert pip_settings(pip_conf(home, "no section")).get("index-url") is None


def test_uvs_own_settings_win(home, tmp_path: Path) -> None:
    environ = pip_conf(home, "[global]\nindex-url = https://pip.example/simple\n")
    own = index_of({**environ, "UV_INDEX": "corp=https://uv.example/simple"}, tmp_path)
    assert "UV_DEFAULT_INDEX" not in own.environment
    assert own.name_of("https://uv.example/simple/a/") == "the index of UV_INDEX"
    for text in ('[[index]]\nurl = "https://toml.example"\n', 'index-url = "https://toml.example"\n'):
        (tmp_path / "work" / "uv.toml").write_text(text)
        assert "UV_DEFAULT_INDEX" not in index_of(environ, tmp_path).environment
    (tmp_path / "work" / "uv.toml").write_text("offline = true\n")
    assert "UV_DEFAULT_INDEX" in index_of(environ, tmp_path).environment


def test_several_indexes_of_one_host_are_told_apart(home, tmp_path: Path) -> None:
    environ = pip_conf(
        home,
        "[global]\nindex-url = https://me:secret@corp.example/api/pypi/simple\n"
        "extra-index-url = https://corp.example/api/ml/simple\n",
    )
    index = index_of(environ, tmp_path)
    assert index.name_of("https://corp.example/api/ml/simple/a/") == "the index of pip's extra-index-url"
    assert index.name_of("https://****@corp.example/api/pypi/simple/a/") == "the index of pip's index-url"
    either = "the index of pip's extra-index-url or the index of pip's index-url"
    assert index.name_of("https://corp.example/files/a-1-py3-none-any.whl") == either
    assert index.name_of("https://corp.example.org/api/ml/simple/a/") == "the default package index"


@pytest.mark.parametrize(
    "text",
    [
        '[[index]]\nurl = "https://main.example/simple"\ndefault = true\n[[index]]\nurl = "https://more.example/simple"\n',
        '[pip]\nindex-url = "https://main.example/simple"\nextra-index-url = ["https://more.example/simple"]\n',
        'index-url = "https://main.example/simple"\nextra-index-url = ["https://more.example/simple"]\n',
    ],
)
def test_what_uvs_files_name_is_known_in_other_folders(home, tmp_path: Path, text: str) -> None:
    (tmp_path / "work" / "uv.toml").write_text(text)
    environ = {**home, "PIP_CONFIG_FILE": os.devnull}
    installing = index_of(environ, tmp_path).install_environment
    assert installing["UV_DEFAULT_INDEX"] == "https://main.example/simple"
    assert installing["UV_INDEX"] == "https://more.example/simple"
    assert installing["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    own = index_of({**environ, "UV_DEFAULT_INDEX": "https://mine.example/simple"}, tmp_path).install_environment
    assert own["UV_DEFAULT_INDEX"] == "https://mine.example/simple"


def test_local_folders_of_wheels_are_ours_and_remote_ones_uvs(home, tmp_path: Path) -> None:
    folder = tmp_path / "my wheels"
    folder.mkdir()
    links = f"{tmp_path / 'work'} https://links.example/wheels.html file://{tmp_path}/my%20wheels"
    index = index_of({**home, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": links}, tmp_path)
    assert index.find_links == (tmp_path / "work", folder)
    assert index.environment["UV_FIND_LINKS"] == "https://links.example/wheels.html"
    before = index.state
    (folder / "a-1-py3-none-any.whl").write_text("")
    again = index_of({**home, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": links}, tmp_path)
    assert again.state != before, "a wheel that appears there may change the answer"


def test_a_company_ca_and_proxy_reach_uv(home, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    environ = {**home, "PIP_CONFIG_FILE": os.devnull}
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert index_of({**environ, name: str(bundle)}, tmp_path).environment["SSL_CERT_FILE"] == str(bundle)
    assert index_of({**environ, "PIP_CERT": str(tmp_path)}, tmp_path).environment["SSL_CERT_DIR"] == str(tmp_path)
    for own in ("SSL_CERT_FILE", "UV_NATIVE_TLS", "SSL_CERT_DIR"):
        kept = index_of({**environ, "PIP_CERT": str(bundle), own: "mine"}, tmp_path).environment
        assert kept[own] == "mine"
        assert str(bundle) not in {value for name, value in kept.items() if name.startswith("SSL")}
    proxied = index_of({**environ, "PIP_PROXY": "http://proxy.example", "PIP_CLIENT_CERT": "c.pem"}, tmp_path)
    assert proxied.environment["ALL_PROXY"] == "http://proxy.example"
    assert proxied.environment["SSL_CLIENT_CERT"] == "c.pem"


def test_settings_that_would_choose_other_versions_stay_out(home, tmp_path: Path) -> None:
    ours = {"UV_CONSTRAINT": "c.txt", "UV_RESOLUTION": "lowest", "UV_PRERELEASE": "allow", "UV_PYTHON": "3.9"}
    index = index_of({**home, "PIP_CONFIG_FILE": os.devnull, **ours, "UV_KEYRING_PROVIDER": "subprocess"}, tmp_path)
    assert not set(ours) & set(index.environment)
    assert index.environment["UV_KEYRING_PROVIDER"] == "subprocess"
    assert index.environment["UV_PYTHON_DOWNLOADS"] == "never"


def test_no_index_is_a_flag(home, tmp_path: Path) -> None:
    environ = {**home, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "true"}
    assert index_of(environ, tmp_path).flags == ("--no-index",)


def test_addresses_are_taken_out_of_text() -> None:
    text = "Failed to fetch: `https://user:p%40ss@host:8080/simple/a/` and (git+ssh://git@host/x) or file:///home/me/x"
    assert without_addresses(text) == "Failed to fetch: `<address>` and (<address>) or <address>"
