"""Settings of Python and of libraries that code may change from anywhere, and what the service's code reads of library
modules, as texts that two processes can compare.

Only of modules that are loaded; what differs by machine or process, and what nobody sets, is not among them.
Standard library only, as :mod:`.fingerprint`.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Callable, Collection
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from .fingerprint import OWN_MODULES

_MOST = 300  # characters of a setting that is told
_ATOMS = (bool, int, float, complex, str, bytes, type(None))
_FRONT_ENDS = frozenset({"IPython", "ipykernel", "_io", "io"})  # what they put in the place of Python's own
_USUAL_DEPTHS = {1000, 3000}  # Python's own, and that of jedi, which kernels complete names by


def ambient(used: Collection[str], read: Collection[str] = ()) -> dict[str, str]:
    """Texts by setting, ``numpy.geterr()``, …; ``used`` are the packages that the service's code imports by name.

    What stands in no package's own state, such as the time zone, counts only where its module is used.
    ``read`` are dotted names of what the code reads in modules: ``math.floor``.
    """
    found: dict[str, str] = {}
    for (package, name), setting in _SETTINGS.items():
        module = sys.modules.get(package)
        if module is None or (package in _IF_USED and package not in used):
            continue
        with contextlib.suppress(Exception):  # another version of the library has no such setting
            found[f"{package}.{name}"] = str(setting(module))
    for option in _pandas_options():
        found[f"pandas.get_option({option!r})"] = _plain(sys.modules["pandas"].get_option(option))[:_MOST]
    paths = (path for path in read if path not in found and path.replace(".", "").isidentifier())
    return found | {path: text for path in paths if (text := _text_at(path))}


def _plain(value: Any) -> str:
    """``"{:.1f}".format`` by its text, not by its address."""
    held = getattr(value, "__self__", None)
    return f"{held!r}.{value.__name__}" if isinstance(held, str) else repr(value)


# --- what modules have --------------------------------------------------------------------------


def _text_at(path: str) -> str:
    """What stands at a dotted name; "" where its module is not loaded, or nobody can say."""
    module, _, rest = path.rpartition(".")
    while module and module not in sys.modules:
        module, _, name = module.rpartition(".")
        rest = f"{name}.{rest}"
    value: Any = sys.modules.get(module)
    for name in rest.split(".") if module else ():
        if isinstance(value, type):
            break  # a service puts methods of its own in classes
        if not hasattr(value, name):
            return "nothing"
        value = getattr(value, name)
    return "" if value is None and not module else _text(value)[:_MOST]


def _text(value: Any) -> str:
    if isinstance(value, _ATOMS):
        return repr(value)
    kind = value if isinstance(value, (type, FunctionType, BuiltinFunctionType)) else type(value)
    home = str(getattr(value, "__globals__", {}).get("__name__") or kind.__module__)
    if isinstance(value, ModuleType) or home.partition(".")[0] in _FRONT_ENDS:
        return ""
    if isinstance(value, FunctionType):
        return "a function of the notebook" if home in OWN_MODULES else f"{_name(value)} {_digest(value)}"
    if isinstance(value, type):
        own = [name for name, one in vars(value).items() if getattr(one, "__module__", "") in OWN_MODULES]
        return f"{_name(value)}, with {', '.join(sorted(own))} of the notebook" if own else _name(value)
    return _name(value) if isinstance(value, BuiltinFunctionType) else f"a {_name(kind)}"


def _name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _digest(function: FunctionType) -> str:
    """What its code and its defaults say, shortly."""
    told = [_code(function.__code__)]
    told += [repr(one) if isinstance(one, _ATOMS) else type(one).__name__ for one in function.__defaults__ or ()]
    return hashlib.sha256(" ".join(told).encode("utf-8", "backslashreplace")).hexdigest()[:8]


def _code(code: CodeType) -> str:
    constants = [repr(one) for one in code.co_consts if isinstance(one, _ATOMS)]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


# --- settings -----------------------------------------------------------------------------------


def _pandas_options() -> list[str]:
    config: Any = getattr(sys.modules.get("pandas._config"), "config", None)
    registered = getattr(config, "_registered_options", {})
    deprecated = getattr(config, "_deprecated_options", {})
    return [one for one in registered if one not in deprecated and one not in _BY_ITSELF]


def _errors(warnings: Any) -> list[tuple[Any, ...]]:
    """Warnings that are raised; of the others nobody sees but the log."""
    raised = (one for one in warnings.filters if one[0] == "error" and not one[2].__module__.startswith("IPython."))
    return [(kind.__name__, getattr(text, "pattern", None)) for _, text, kind, *_ in raised]


def _locale(locale: Any) -> list[str]:
    """Not that of characters, which Python itself takes from the environment."""
    kinds = ("LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY")
    return [locale.setlocale(getattr(locale, kind)) for kind in kinds if hasattr(locale, kind)]


def _context(decimal: Any) -> dict[str, object]:
    """Without the flags, which computing sets."""
    context = decimal.getcontext()
    traps = sorted(kind.__name__ for kind, trapped in context.traps.items() if trapped)
    return {**{name: getattr(context, name) for name in ("prec", "rounding", "Emin", "Emax", "clamp")}, "traps": traps}


def _print_options(numpy: Any) -> dict[str, str]:
    options = numpy.get_printoptions()
    return {name: str(sorted(value or ())) if name == "formatter" else repr(value) for name, value in options.items()}


def _depth(sys: Any) -> object:
    limit = sys.getrecursionlimit()
    return "the usual" if limit in _USUAL_DEPTHS else limit


_IF_USED = frozenset({"time"})
#: pandas sets them by what it writes to, otherwise in a notebook than elsewhere.
_BY_ITSELF = frozenset({"display.encoding", "display.max_columns"})
_SETTINGS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("calendar", "firstweekday()"): lambda calendar: calendar.firstweekday(),
    ("csv", "field_size_limit()"): lambda csv: csv.field_size_limit(),
    ("csv", "list_dialects()"): lambda csv: sorted(csv.list_dialects()),
    ("decimal", "getcontext()"): _context,
    ("locale", "setlocale(…)"): _locale,
    ("logging", "disable(…)"): lambda logging: logging.root.manager.disable,
    ("numpy", "geterr()"): lambda numpy: numpy.geterr(),
    ("numpy", "get_printoptions()"): _print_options,
    ("sklearn", "get_config()"): lambda sklearn: sorted(sklearn.get_config().items()),
    ("socket", "getdefaulttimeout()"): lambda socket: socket.getdefaulttimeout(),
    ("sys", "getrecursionlimit()"): _depth,
    ("sys", "get_int_max_str_digits()"): lambda sys: sys.get_int_max_str_digits(),
    ("time", "tzname"): lambda time: time.tzname,
    ("torch", "set_printoptions(…)"): lambda torch: torch._tensor_str.PRINT_OPTS,  # noqa: SLF001 - no public name
    ("torch", "get_default_dtype()"): lambda torch: torch.get_default_dtype(),
    ("torch", "get_default_device()"): lambda torch: torch.get_default_device(),
    ("torch", "is_grad_enabled()"): lambda torch: torch.is_grad_enabled(),
    ("torch", "are_deterministic_algorithms_enabled()"): lambda torch: torch.are_deterministic_algorithms_enabled(),
    ("warnings", "filters"): _errors,
    ("xarray", "get_options()"): lambda xarray: sorted(map(str, xarray.get_options().items())),
}
