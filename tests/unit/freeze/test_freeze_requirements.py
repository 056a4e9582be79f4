"""Requirements files: read as uv writes them, written without an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2svc.errors import FreezeError
from nb2svc.freeze.requirements import Pin, parse, render, render_roots

pytestmark = pytest.mark.once  # what uv writes

DIGEST = "sha256:" + "0" * 64
UV = f"""\
--index-url https://user:secret@index.example/simple

# a comment
Fast_API==0.1 \\
    --hash={DIGEST} \\
    --hash=sha256:{"1" * 64}
    # via -r /tmp/x/requirements.in
local-one @ file:///cache/wheels/local_one-1.0%2Bcpu-py3-none-any.whl \\
    --hash={DIGEST}
    # via
    #   -c /tmp/x/kernel.txt
    #   -r /tmp/x/requirements.in
    #   Fast_API
plain[extra]==2.0
    # via
    #   fast-api
    #   local-one
"""


def test_uvs_answer_is_read() -> None:
    assert parse(UV) == (
        Pin("fast-api", "0.1", (DIGEST, f"sha256:{'1' * 64}")),
        Pin("local-one", "1.0+cpu", (DIGEST,), ("fast-api",), local=True),
        Pin("plain", "2.0", (), ("fast-api", "local-one")),
    )


def test_what_cannot_be_read_is_refused_without_its_address() -> None:
    with pytest.raises(FreezeError) as caught:
        parse("strange @@ https://user:secret@host/x\n")
    assert "secret" not in str(caught.value)
    assert "<address>" in caught.value.log


def test_what_is_written() -> None:
    pins = (Pin("b", "2", (DIGEST,), ("a",)), Pin("a", "1", (DIGEST, f"sha256:{'1' * 64}")))
    assert render(pins, {"a": "imported by predict"}, wheels=True) == (
        f"--find-links wheels\n"
        f"a==1 \\\n    --hash={DIGEST} \\\n    --hash=sha256:{'1' * 64}\n    # imported by predict\n"
        f"b==2 \\\n    --hash={DIGEST}\n    # via a\n"
    )
    assert render_roots([("b", "2", "runs the server"), ("a[x]", "1+cpu", "imported by predict")]) == (
        "a[x]==1+cpu  # imported by predict\nb==2  # runs the server\n"
    )


def test_no_address_is_ever_written() -> None:
    with pytest.raises(FreezeError, match="would hold an address") as caught:
        render([Pin("a", "1")], {"a": "from https://user:secret@host/simple"})
    assert "secret" not in str(caught.value)
    with pytest.raises(FreezeError, match="would hold an address"):
        render_roots([("a @ https://host/a.whl", "1", "why")])


names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
versions = st.from_regex(r"[1-9]?[0-9]\.[0-9]{1,2}(rc1|\.post2)?(\+cpu)?", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(lambda content: f"sha256:{content.hex()}")


@given(
    st.dictionaries(names, st.tuples(versions, st.sets(digests, max_size=3), st.sets(names, max_size=3)), max_size=6)
)
def test_what_is_written_is_read_again(found: dict[str, tuple[str, set[str], set[str]]]) -> None:
    pins = tuple(
        Pin(name, version, tuple(sorted(hashes)), tuple(sorted(via)))
        for name, (version, hashes, via) in sorted(found.items())
    )
    again = parse(render(pins, {}))
    assert [(pin.name, pin.version, pin.hashes) for pin in again] == [
        (pin.name, pin.version, pin.hashes) for pin in pins
    ]
    assert render(reversed(pins), {}) == render(pins, {})
