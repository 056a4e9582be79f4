REPORT = """
try:
    import fabtable
except ImportError:
    fabtable = None


def render(rows):
    return fabtable.text(rows) if rows and fabtable else str(rows)
"""
MAIL = """
from importlib import import_module


def body(text, kind):
    return import_module(f"fab{kind}").mark(text) if kind != "plain" else text
"""


def prepare(machine):
    shop = machine.package_index()
    shop.add(
        "fabreport", "1.0", more={"fabreport.py": REPORT},
        requires=("fabtable; extra == 'tables'", "fabchart; extra == 'charts'", "fabpipe; sys_platform == 'win32'"),
    )
    shop.add("fabtable", "1.0", more={"fabtable.py": "def text(rows):\n    return ' | '.join(map(str, rows))\n"})
    shop.add("fabchart", "1.0")
    shop.add("fabpipe", "1.0")
    shop.add("fabmail", "1.0", more={"fabmail.py": MAIL}, requires=("fabhtml; extra == 'html'",))
    shop.add("fabhtml", "1.0", more={"fabhtml.py": "def mark(text):\n    return f'<p>{text}</p>'\n"})
    (machine.folder / "uv.toml").write_text(f'[[index]]\nname = "shop"\nurl = "{shop.url}"\n')
