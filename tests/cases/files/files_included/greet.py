from pathlib import Path

FOLDER = Path(__file__).parent / "templates"


def greet(name):
    return (FOLDER / "hello.txt").read_text().strip().format(name)


def train():
    return open("training.csv").read()
