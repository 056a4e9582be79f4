import sys

PYTHON = "cp{}{}".format(*sys.version_info)
OWN = ("fabcocoa; sys_platform == 'darwin'", "fabepoll; sys_platform == 'linux'")


def prepare(machine):
    wheels = machine.package_index()
    for platform in ("macosx_11_0_arm64", "manylinux_2_28_x86_64"):
        system = "FROM = 'the wheel of {}'\n".format(platform.partition("_")[0])
        wheels.add(
            "fabnative", "1.0", tag=f"{PYTHON}-{PYTHON}-{platform}", more={"fabnative.py": system + TIMES}, requires=OWN
        )
    wheels.add("fabcocoa", "1.0")
    wheels.add("fabepoll", "1.0")
    (machine.folder / "uv.toml").write_text(f'[[index]]\nname = "wheels"\nurl = "{wheels.url}"\n')


TIMES = """
def times(number):
    return number * 3
"""
