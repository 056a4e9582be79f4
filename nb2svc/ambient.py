"""Settings of Python and of libraries that code may change from anywhere, as texts that two processes can compare.

Only of modules that are loaded; what differs by machine or process, and what nobody sets, is not among them.
Standard library only, as :mod:`.fingerprint`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection
from typing import Any

_MOST = 300  # characters of a setting that is told


def ambient(used: Collection[str]) -> dict[str, str]:
    """Texts by setting, ``numpy.geterr()``, …; ``used`` are the packages that the service's code imports by name.

    What stands in no package's own state, such as the time zone, counts only where its module is used.
    """
    found: dict[str, str] = {}
    for (package, name), read in _SETTINGS.items():
        module = sys.modules.get(package)
        if module is None or (package in _IF_USED and package not in used):
            continue
        with contextlib.suppress(Exception):  # another version of the library has no such setting
            found[f"{package}.{name}"] = str(read(module))
    for option in _pandas_options():
        found[f"pandas.get_option({option!r})"] = repr(sys.modules["pandas"].get_option(option))[:_MOST]
    return found


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
    return {name: repr(value) for name, value in numpy.get_printoptions().items() if name != "formatter"}


_IF_USED = frozenset({"time"})
#: pandas sets them by what it writes to, otherwise in a notebook than elsewhere.
_BY_ITSELF = frozenset({"display.encoding", "display.max_columns", "display.width"})
_SETTINGS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("csv", "list_dialects()"): lambda csv: sorted(csv.list_dialects()),
    ("decimal", "getcontext()"): _context,
    ("locale", "setlocale(…)"): _locale,
    ("logging", "disable(…)"): lambda logging: logging.root.manager.disable,
    ("numpy", "geterr()"): lambda numpy: numpy.geterr(),
    ("numpy", "get_printoptions()"): _print_options,
    ("sklearn", "get_config()"): lambda sklearn: sorted(sklearn.get_config().items()),
    ("socket", "getdefaulttimeout()"): lambda socket: socket.getdefaulttimeout(),
    ("time", "tzname"): lambda time: time.tzname,
    ("torch", "get_default_dtype()"): lambda torch: torch.get_default_dtype(),
    ("torch", "get_default_device()"): lambda torch: torch.get_default_device(),
    ("torch", "is_grad_enabled()"): lambda torch: torch.is_grad_enabled(),
    ("torch", "are_deterministic_algorithms_enabled()"): lambda torch: torch.are_deterministic_algorithms_enabled(),
    ("warnings", "filters"): _errors,
    ("xarray", "get_options()"): lambda xarray: sorted(map(str, xarray.get_options().items())),
}
