# Unusual but legal source: it must arrive unchanged.

# %% [forms]
ONE = 1; TWO = 2; add = lambda a, \
    b: a + b

def one_line(x): return x + ONE; unreachable = 1

# a comment above
@staticmethod  # a comment behind
# a comment between

def decorated(
    x,  # the first
    /,
    y=TWO,
    *rest,
    key=(lambda: ONE)(),
    **others,
):
    # a comment inside
    text = """
at the margin
	a tab
    """
    return [x, y, rest, key, others, text]  # a comment at the end

class Größe:
    """Docstring with ''' and \""" inside."""

    naïve = "ünïcode"
    if TWO > ONE:
        def inner(self): return """a
  b"""

	
TEXT = (
    "implicitly "  # joined
    "joined"
)
tabbed = "	"
if True:
	def by_tab(x):
		return x * 3

# %% [handler]
%%endpoint --example {"x": 1}
def formed(
    x: int,
) -> dict:
    return {
        "add": add(x, TWO),
        "one": one_line(x),
        "decorated": decorated(x, 3, 4, other=5),
        "class": [Größe.naïve, Größe().inner(), Größe.__doc__],
        "text": [TEXT, tabbed, by_tab(x)],
    }
