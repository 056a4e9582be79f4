import json
from pathlib import Path

FACTORS = json.loads(Path(__file__).with_name("factors.json").read_text())


def convert(value, unit):
    return value * FACTORS[unit]
