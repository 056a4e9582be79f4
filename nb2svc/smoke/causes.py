"""The likely cause of a failure, read from a log or a traceback, and what to do about it.

Pure but for the name of the distribution that owns a missing module, which is looked up in this interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something failed, in one sentence, and the next step."""

    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message} → {self.hint}" if self.hint else self.message


def likely_cause(log: str, *, exit_code: int | None = None) -> Cause | None:
    """What the last failure in ``log`` (plain lines or JSON records) comes from; None where nothing is known.

    ``exit_code`` is that of the process: 128 + n, or minus n, where signal n ended it.
    """
    # Structured logs hold tracebacks as JSON strings.
    text = log.replace("\\n", "\n").replace('\\"', '"').replace("\\u2192", "→")
    last, cause = -1, None
    for pattern, explain in _RULES:
        for match in pattern.finditer(text):
            if match.start() > last:
                last, cause = match.start(), explain(match)
    return cause or _from_exit_code(exit_code) or _last_exception(text)


@lru_cache(maxsize=256)
def distribution_of(module: str) -> str | None:
    """The distribution of this interpreter that owns ``module``, or else its top-level package; None for none."""
    from importlib.metadata import files

    owners = _owners().get(module.partition(".")[0], ())
    stem = module.replace(".", "/")
    for owner in owners if len(owners) > 1 else ():  # parts of a namespace package
        if any(str(file).startswith((f"{stem}/", f"{stem}.")) for file in files(owner) or ()):
            return owner
    return owners[0] if owners else None


@lru_cache(maxsize=1)
def _owners() -> dict[str, tuple[str, ...]]:
    # From the files: before Python 3.11 ``packages_distributions()`` knows only those that list their packages.
    from importlib.metadata import distributions

    found: dict[str, set[str]] = {}
    for distribution in distributions():
        tops = {file.parts[0] for file in distribution.files or () if file.suffix in {".py", ".so", ".pyd"}}
        name = distribution.name if tops else ""  # which parses the metadata
        for top in tops:
            found.setdefault(top.partition(".")[0], set()).add(name)
    return {package: tuple(sorted(names)) for package, names in found.items()}


# --- the rules ----------------------------------------------------------------------------------

_LIBRARY_PACKAGES: Final = {  # the Debian package of each library that wheels most often expect of the system
    "libgomp.so.1": "libgomp1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libsndfile.so.1": "libsndfile1",
    "libpq.so.5": "libpq5",
    "libmagic.so.1": "libmagic1",
    "libxml2.so.2": "libxml2",
    "libgfortran.so.5": "libgfortran5",
    "libexpat.so.1": "libexpat1",
}


def missing_module(module: str) -> Cause:
    """The cause of ``No module named <module>``."""
    top = module.partition(".")[0]
    if top == "nb2svc":
        return Cause(
            "the captured code uses nb2svc itself, which no service contains",
            "move what uses nb2svc out of the handlers, then run their cells again",
        )
    owner = distribution_of(module)
    if owner is None:
        return Cause(
            f"the module {module} is not in the service, and no distribution installed here owns it",
            f"put {top}.py beside the notebook so that it is copied, or install what provides it, then import it again",
        )
    return Cause(
        f"the module {module} of the distribution {owner} is needed, but {owner} is not in the lock",
        f"%nb2svc require {owner}, then export again",
    )


def _missing_library(match: re.Match[str]) -> Cause:
    library = match[1]
    package = _LIBRARY_PACKAGES.get(library)
    if library == "libGL.so.1":
        return Cause(
            "the image has no libGL.so.1: opencv-python is made for desktops", "install opencv-python-headless instead"
        )
    how = f"(Debian package {package})" if package else "(the Debian package that has it)"
    return Cause(
        f"the image lacks the shared library {library}",
        f"%nb2svc require apt:{package or 'PACKAGE'} {how}, export and build again; or --base and an image with it",
    )


def _permission(match: re.Match[str]) -> Cause:
    return Cause(
        f"the service may not write {match[1]}: it does not run as root, and its root filesystem may be read-only",
        "write under the directory that tempfile.gettempdir() gives, or mount a volume there",
    )


def _missing_file(match: re.Match[str]) -> Cause:
    return Cause(
        f"the file {match[1]} is not in the service",
        f"%nb2svc include {match[1]}, or read it in a cell and let the handler use the variable",
    )


_OUT_OF_MEMORY: Final = Cause("the service ran out of memory", "give it more: --memory 2g")

_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Cause]], ...]] = (
    (re.compile(r"(?:ModuleNotFoundError: )No module named '([^']+)'"), lambda m: missing_module(m[1])),
    (
        re.compile(r"ImportError: cannot import name '([^']+)' from '([^']+)' \(unknown location\)"),
        lambda m: missing_module(f"{m[2]}.{m[1]}"),  # a part of a namespace package
    ),
    (
        re.compile(r"ImportError: cannot import name '([^']+)' from (?:partially initialized module )?'([^']+)'"),
        lambda m: Cause(
            f"{m[2]} has no {m[1]}: another version of it is installed there than in the notebook",
            "restart the kernel so that it loads what is installed, run the notebook, then export again",
        ),
    ),
    (re.compile(r"(lib[\w.+-]+\.so[\d.]*): cannot open shared object file"), _missing_library),
    (
        re.compile(r"version [`'](GLIBC(?:XX)?_[\d.]+)' not found"),
        lambda m: Cause(f"the base image is too old: a library needs {m[1]}", "build with --base and a newer image"),
    ),
    (
        re.compile(
            r"os(?:\.py\"|>\"), line \d+, in __getitem__\s+(?:raise KeyError\(key\) from None\s+)?KeyError: '([^']+)'"
        ),
        lambda m: Cause(
            f"the environment variable {m[1]} is not set",
            f"declare it (%nb2svc env {m[1]}) and give its value when it runs: -e {m[1]}=…",
        ),
    ),
    (
        re.compile(r"(?:Read-only file system|PermissionError: \[Errno 13\] Permission denied): '([^']+)'"),
        _permission,
    ),
    (re.compile(r"FileNotFoundError: \[Errno 2\] No such file or directory: '([^']+)'"), _missing_file),
    (
        re.compile(r"(?i)\[Errno (?:98|48)\][^\n]*address already in use|port is already allocated"),
        lambda _: Cause("the port is in use", "choose another: -p PORT, or stop what uses it"),
    ),
    (  # the project's own runtime knows what to do next
        re.compile(r"service\.runtime\.errors\.\w+Error: ([^\n]+)(?:\n(?!  →)[^\n]*){0,9}\n  → ([^\n\"]+)"),
        lambda m: Cause(m[1].rstrip(), m[2].rstrip()),
    ),
    (  # the same as a record of the log, where there was nothing to trace
        re.compile(
            r'"logger":"service\.runtime\.server","message":"([^\n]+)(?:\n(?!  →)[^\n]*){0,9}\n  → ([^\n]+?)"(?=[,}])'
        ),
        lambda m: Cause(m[1].rstrip(), m[2]),
    ),
    (re.compile(r"\bMemoryError\b|Unable to allocate [\d.]+ \wiB|OOMKilled|out of memory"), lambda _: _OUT_OF_MEMORY),
    (
        re.compile(
            r"No CUDA GPUs are available|Found no NVIDIA driver|not compiled with CUDA enabled|"
            r"no CUDA-capable device is detected|No HIP GPUs are available"
        ),
        lambda _: Cause(
            "a GPU is asked for, and the service's container has none unless its operator gives it one",
            "take the CPU where torch.cuda.is_available() says no; for a service that will have a GPU: "
            "%env CUDA_VISIBLE_DEVICES=0, then %nb2svc env CUDA_VISIBLE_DEVICES",
        ),
    ),
    (
        re.compile(r"exec format error"),
        lambda _: Cause("the image is for another processor than this machine's", "build it with --platform"),
    ),
    (
        re.compile(r"Can't get attribute '([^']+)' on <module '([^']+)'"),
        lambda m: Cause(
            f"a pickled object needs {m[1]} of {m[2]}, which is not there",
            f"run the cell that defines {m[1]} again, then the cell that makes the object, then export",
        ),
    ),
    (
        re.compile(r"NameError: name '([^']+)' is not defined"),
        lambda m: Cause(
            f"the name {m[1]} is not in the captured code",
            f"define {m[1]} in a cell of its own or pass it as an argument, and run the handler's cell again",
        ),
    ),
    (
        re.compile(r"\[Errno -[235]\] (?:Name or service not known|Temporary failure in name resolution|No address)"),
        lambda _: Cause(
            "a host name that the service needs is not known where it runs",
            "make the address an environment variable (%nb2svc env NAME), since a container has names of its own",
        ),
    ),
    (
        re.compile(r"ConnectionRefusedError|Connection refused"),
        lambda _: Cause(
            "something that the service connects to refuses; inside a container, localhost is the container itself",
            "make the address an environment variable (%nb2svc env NAME)",
        ),
    ),
)

_EXIT_CODES: Final = {
    9: Cause("the service was killed, most likely because it ran out of memory", "give it more: --memory 2g"),
    4: Cause(
        "the processor lacks an instruction that a library was built for",
        "build for this machine's processor: --platform",
    ),
    11: Cause("native code crashed (segmentation fault)", "look for the last library named in the log"),
    6: Cause("native code gave up (abort)", "look for the last library named in the log"),
    15: Cause("the service was told to stop (SIGTERM)", ""),
}


def _from_exit_code(exit_code: int | None) -> Cause | None:
    if exit_code in {126, 127}:
        return Cause(
            "the image has no Python where the command expects it", "build with the base image that is the default"
        )
    signal = -exit_code if exit_code is not None and exit_code < 0 else (exit_code or 0) - 128
    return _EXIT_CODES.get(signal)


def _last_exception(text: str) -> Cause | None:
    found = re.findall(
        r"^\s*((?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt|Timeout)(?::[^\n]*)?)$",
        text,
        re.MULTILINE,
    )
    return Cause(found[-1].strip()) if found else None
