import os

PREFIX = "FROM_"


def setting():
    return os.environ[PREFIX + "HELPER"]


def train():
    return os.environ["ONLY_TRAINING"]
