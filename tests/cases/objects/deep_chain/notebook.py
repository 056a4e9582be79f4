# A chain of 5,000 objects, each inside the one before: deeper than pickle can go.

# %% [make]
class Node:
    def __init__(self, value, following):
        self.value, self.following = value, following

chain = None
for value in range(5_000):
    chain = Node(value, chain)

# %% [handler]
%%endpoint --example {"n": 3}
def walk(n: int) -> list[int]:
    found, node = [], chain
    while node is not None and len(found) < n:
        found.append(node.value)
        node = node.following
    return found
