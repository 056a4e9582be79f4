# An object that holds an open file.

# %% [make]
class Journal:
    def __init__(self, path):
        self.files = {"log": open(path, "a")}

journal = Journal("journal.txt")

# %% [handler]
%%endpoint --example {"line": "a"}
def write(line: str) -> int:
    return journal.files["log"].write(line)
