import sys

PYTHON = "cp{}{}".format(*sys.version_info)
OWN = {"x86_64": "fabsse", "aarch64": "fabneon"}


def prepare(machine):
    wheels = machine.package_index()
    for architecture in OWN:
        wheels.add(
            "fabspeed", "1.0", tag=f"{PYTHON}-{PYTHON}-manylinux_2_28_{architecture}", more={"fabspeed.py": "FAST = True\n"},
            requires=[f"{own}; platform_machine == '{name}'" for name, own in OWN.items()],
        )
    wheels.add("fabsse", "1.0")
    wheels.add("fabneon", "1.0", tag=f"{PYTHON}-{PYTHON}-manylinux_2_28_aarch64")
    (machine.folder / "uv.toml").write_text(f'[[index]]\nname = "wheels"\nurl = "{wheels.url}"\n')
