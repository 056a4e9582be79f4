def prepare(machine):
    wheels = machine.package_index(password="variables-secret")
    wheels.add("fabtensor", "2.0+cpu", more={"fabtensor.py": "DEVICE = 'cpu'\n"})
    wheels.add("fabtensor", "2.0+gpu", more={"fabtensor.py": "DEVICE = 'gpu'\n"})
    wheels.add("fastapi", "99.0")  # an explicit index is asked for nothing else
    (machine.folder / "pyproject.toml").write_text(
        '[project]\nname = "notebooks"\nversion = "0"\ndependencies = ["fabtensor==2.0+cpu"]\n'
        '[tool.uv.sources]\nfabtensor = { index = "fab-cpu" }\n'
        f'[[tool.uv.index]]\nname = "fab-cpu"\nurl = "{wheels.url}"\nexplicit = true\n'
    )
    machine.env |= {"UV_INDEX_FAB_CPU_USERNAME": "reader", "UV_INDEX_FAB_CPU_PASSWORD": "variables-secret"}
