"""What the shell spares itself: imports of third parties that it never needs."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys
from nb2svc import iri_syntax

iri_syntax.defer()
import nbclient, nbformat
import rfc3987_syntax as put_off
assert not hasattr(put_off, "__file__")
assert "lark" not in sys.modules

from jsonschema import Draft7Validator, FormatChecker
checker = FormatChecker()
print([checker.conforms(text, kind) for kind in ("iri", "iri-reference") for text in ("http://a/\u00e9", "a b", "x")])
assert "lark" in sys.modules
import rfc3987_syntax
print([rfc3987_syntax.is_valid_syntax(kind, text) for kind in ("iri", "iri_reference")
       for text in ("http://a/\u00e9", "a b", "x")])
assert put_off.grammar is rfc3987_syntax.grammar
"""


def test_reading_a_notebook_makes_no_parser_of_addresses_and_checking_one_does():
    run = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    put_off, real = run.stdout.splitlines()
    assert put_off == real == "[True, False, False, True, False, True]"
