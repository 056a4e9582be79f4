import sys

PYTHON = "cp{}{}".format(*sys.version_info)
X86_64, AARCH64 = (f"{PYTHON}-{PYTHON}-manylinux_2_28_{name}" for name in ("x86_64", "aarch64"))


def prepare(machine):
    wheels = machine.package_index()
    for version in ("0.8", "0.9", "1.0", "1.1", "1.3", "2.0"):
        wheels.add("fabfast", version, tag=X86_64)
        if version not in {"1.0", "1.1"}:
            wheels.add("fabfast", version, tag=AARCH64)
    wheels.add("fabquick", "1.8", tag=AARCH64)
    wheels.add("fabquick", "2.0", tag=X86_64)
    (machine.folder / "uv.toml").write_text(f'[[index]]\nname = "wheels"\nurl = "{wheels.url}"\n')
