def prepare(machine):
    extra = machine.package_index(password="urls-secret")
    extra.add("fabscore", "1.0+corp.2", requires=("packaging>=20",), more={"fabscore.py": "SCALE = 7\n"})
    settings = machine.folder.parent / "pip.conf"
    settings.write_text(f"[global]\nextra-index-url = {extra.url_as('scorer', 'urls-secret')}\n")
    machine.env["PIP_CONFIG_FILE"] = str(settings)
