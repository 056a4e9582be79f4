from importlib import resources

TABLE = resources.files(__package__) / "table.csv"


def prices():
    rows = (line.split(",") for line in TABLE.read_text().splitlines())
    return {name: float(price) for name, price in rows}


def languages():
    return sorted(one.name for one in (resources.files("lexicon") / "words").iterdir() if one.name.endswith(".txt"))


def word(language):
    return resources.files("lexicon").joinpath("words", f"{language}.txt").read_text().strip()


def magic():
    with resources.as_file(resources.files("lexicon").joinpath("magic.bin")) as path:
        return path.read_bytes()[:2].hex()


def deep():
    return resources.files("lexicon.words.more").joinpath("note.txt").read_text().strip()
