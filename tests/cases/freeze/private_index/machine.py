def prepare(machine):
    company = machine.package_index(password="netrcs-secret")
    company.add("fabledger", "1.4", requires=("fabround>=2",), more={"fabledger.py": "from fabround import whole as book"})
    company.add("fabround", "2.0", more={"fabround.py": "def whole(amount):\n    return round(amount)"})
    company.add("fabround", "3.0", more={"fabround.py": "def whole(amount):\n    return int(amount)"})
    (machine.folder / "uv.toml").write_text(f'[[index]]\nname = "company"\nurl = "{company.url}"\n')
    netrc = machine.folder.parent / "netrc"
    netrc.write_text("machine 127.0.0.1 login ledger password netrcs-secret\n")
    netrc.chmod(0o600)
    machine.env["NETRC"] = str(netrc)
