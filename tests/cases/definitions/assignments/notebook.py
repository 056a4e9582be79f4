# Every statement that binds a name.

# %% [bind]
import io
from pathlib import PurePosixPath

a, (b, *c) = 1, (2, 3, 4)
d = e = a + b
total = 0
for index, word in enumerate(["x", "yy", "zzz"]):
    total += len(word)
    if (n := len(word)) > 2:
        longest = word

words = ["one"]
words += ["two"]
words.append("three")
table = {}
table["key"] = words
table["nested"] = {"n": n}
with io.StringIO("in a file") as stream:
    content = stream.read()
match (a, b):
    case (1, second):
        matched = second * 100
squares = {k: k**2 for k in c}
annotated: float = 1.5
path = PurePosixPath("a") / "b"
try:
    1 / 0
except ZeroDivisionError as error:
    reason = str(error)
a, b = b, a

def configure():
    global configured
    configured = {"by": "a function"}

configure()
globals()["injected"] = 7
exec("executed = 8")

# %% [handler]
%%endpoint --example {"k": 3}
def bound(k: int) -> dict:
    return {
        "unpacked": [a, b, c, d, e],
        "loop": [index, word, total, n, longest],
        "lists": [words, table, table["key"] is words],
        "with": content,
        "match": matched,
        "squares": squares[k],
        "annotated": annotated,
        "path": str(path),
        "reason": reason,
        "elsewhere": [configured, injected, executed],
    }
