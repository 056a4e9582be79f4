from pathlib import Path

STOP = set(Path(__file__).with_name("stop.txt").read_text().split())


def words(sentence):
    return [word for word in sentence.lower().split() if word not in STOP]


def initial(sentence):
    return sentence[:1]
