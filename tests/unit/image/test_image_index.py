"""The machine's package index as secrets of a build: each source of settings, and their order."""

import configparser
import stat
import sys

import pytest

from nb2svc.errors import BuildError
from nb2svc.image.index import IndexSettings, index_settings, secret_files

CERTIFICATE = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home without settings; ``sys.prefix`` too is a place of pip's."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.fixture
def environ(home):
    return {"HOME": str(home), "XDG_CONFIG_DIRS": str(home), "PIP_CONFIG_FILE": "/dev/null"}


def parsed(text):
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return dict(parser["global"])


def uv(text):
    if sys.version_info < (3, 11):
        import tomli as tomllib
    else:
        import tomllib
    return tomllib.loads(text)


def test_without_settings_there_is_nothing_to_say(environ):
    settings = index_settings(environ)
    assert settings == IndexSettings()
    assert settings.pip_conf() == settings.uv_toml() == ""


def test_pips_variables_are_told_to_both_tools(environ):
    environ |= {
        "PIP_INDEX_URL": "https://me:pa%20ss@index.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://more.example/simple",
        "PIP_TRUSTED_HOST": "more.example",
    }
    settings = index_settings(environ)
    assert parsed(settings.pip_conf()) == {
        "index-url": "https://me:pa%20ss@index.example/simple",
        "extra-index-url": "https://more.example/simple",
        "trusted-host": "more.example",
    }
    assert uv(settings.uv_toml()) == {
        "index-strategy": "unsafe-best-match",
        "allow-insecure-host": ["more.example"],
        "index": [
            {"url": "https://more.example/simple"},
            {"url": "https://me:pa%20ss@index.example/simple", "default": True},
        ],
    }


def test_pips_file_is_read(environ, home):
    file = home / "pip.conf"
    file.write_text("[global]\nindex-url = https://file.example/simple\nproxy = http://proxy.example:3128\n")
    settings = index_settings({**environ, "PIP_CONFIG_FILE": str(file)})
    assert settings.default == "https://file.example/simple"
    assert "proxy = http://proxy.example:3128" in settings.pip_conf()


def test_uvs_variables_come_first_with_the_credentials_of_their_names(environ):
    environ |= {
        "PIP_INDEX_URL": "https://pip.example/simple",
        "UV_DEFAULT_INDEX": "corp-main=https://index.example/simple",
        "UV_INDEX": "https://more.example/simple",
        "UV_INDEX_CORP_MAIN_USERNAME": "me",
        "UV_INDEX_CORP_MAIN_PASSWORD": "a/b",
    }
    settings = index_settings(environ)
    assert settings.default == "https://me:a%2Fb@index.example/simple"
    assert settings.extra == ("https://more.example/simple",)


def test_uvs_file_is_told_to_pip_too(environ, home):
    file = home / ".config/uv/uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '[[index]]\nname = "corp"\nurl = "https://index.example/simple"\ndefault = true\n'
        '[[index]]\nname = "torch"\nurl = "https://torch.example"\nexplicit = true\n'
        '[[index]]\nurl = "https://more.example/simple"\n'
    )
    settings = index_settings({**environ, "UV_INDEX_CORP_USERNAME": "me", "UV_INDEX_CORP_PASSWORD": "x"})
    assert parsed(settings.pip_conf())["index-url"] == "https://me:x@index.example/simple"
    # The explicit one too: everything is pinned by hash, and the build is told no sources.
    assert settings.extra == ("https://torch.example", "https://more.example/simple")


def test_all_of_uvs_settings_count_together(environ, home, monkeypatch):
    """A mirror for everything, and the index of one package beside the notebook: a build needs both."""
    work = home / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "pyproject.toml").write_text(
        '[[tool.uv.index]]\nname = "torch-cpu"\nurl = "https://torch.example/simple"\nexplicit = true\n'
    )
    file = home / ".config/uv/uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '[[index]]\nurl = "https://mirror.example/simple"\ndefault = true\n'
        '[[index]]\nurl = "https://more.example/simple"\n'
    )
    found = index_settings({**environ, "UV_INDEX_TORCH_CPU_PASSWORD": "x", "PIP_INDEX_URL": "https://pip.example"})
    assert found.default == "https://mirror.example/simple"
    assert found.extra == ("https://:x@torch.example/simple", "https://more.example/simple")
    own = index_settings({**environ, "UV_DEFAULT_INDEX": "https://own.example/simple"})
    assert (own.default, own.extra) == ("https://own.example/simple", ("https://torch.example/simple", found.extra[1]))


def test_a_mirror_of_debians_packages_is_a_secret_too(environ, home):
    mirror = home / "debian.sources"
    named = {**environ, "NB2SVC_APT_SOURCES": str(mirror)}
    with (
        pytest.raises(BuildError, match=r"There is no file .*debian\.sources"),
        secret_files(index_settings(named), named),
    ):
        pass
    mirror.write_text("Types: deb\n")
    with secret_files(index_settings(named), named) as files:
        assert files["apt.sources"] == mirror


def test_a_broken_file_of_uvs_is_named(environ, home):
    file = home / "uv.toml"
    file.write_text("index-url = ")
    with pytest.raises(BuildError, match=r"uv\.toml cannot be read"):
        index_settings({**environ, "UV_CONFIG_FILE": str(file)})


def test_folders_of_this_machine_are_left_out_and_told(environ, home):
    environ |= {"PIP_FIND_LINKS": f"{home} https://links.example/", "PIP_EXTRA_INDEX_URL": f"file://{home}"}
    settings = index_settings(environ)
    assert settings.find_links == ("https://links.example/",)
    assert settings.extra == ()
    assert settings.left_out == (f"file://{home}", str(home))


def test_the_secrets_are_for_their_owner_only_and_gone_afterwards(environ, home):
    bundle = home / "ca.pem"
    bundle.write_text(CERTIFICATE.format("AAAA"))
    (home / ".netrc").write_text("machine index.example login me password x\n")
    environ |= {"SSL_CERT_FILE": str(bundle), "PIP_INDEX_URL": "https://index.example/simple"}
    with secret_files(index_settings(environ), environ) as files:
        assert set(files) == {"pip.conf", "uv.toml", "ca.pem", "netrc"}
        assert files["ca.pem"].read_text() == bundle.read_text()
        ours = [path for name, path in files.items() if name != "netrc"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in ours} == {0o600}
        assert stat.S_IMODE(ours[0].parent.stat().st_mode) == 0o700
    assert not any(path.exists() for path in ours)
    assert (home / ".netrc").exists()


def test_a_certificate_file_that_is_not_there(environ, home):
    environ["REQUESTS_CA_BUNDLE"] = str(home / "none.pem")
    with pytest.raises(BuildError, match=r"no certificate file .*none\.pem"), secret_files(IndexSettings(), environ):
        pass


def test_a_bundle_too_large_for_a_secret_is_compacted(environ, home):
    one = CERTIFICATE.format("A" * 200_000)
    (home / "ca.pem").write_text(f"# corporate\n{one}\n# again\n{one}\n# and again\n{one}\n")
    environ["SSL_CERT_FILE"] = str(home / "ca.pem")
    with secret_files(IndexSettings(), environ) as files:
        assert files["ca.pem"].read_text() == one + "\n"
    (home / "ca.pem").write_text("\n".join(CERTIFICATE.format(letter * 200_000) for letter in "ABC"))
    with pytest.raises(BuildError, match="too many"), secret_files(IndexSettings(), environ):
        pass
