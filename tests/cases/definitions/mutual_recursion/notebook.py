# Definitions in circles: two functions, a class and its factory, a class that names itself.

# %% [even]
def even(n):
    return True if n == 0 else odd(n - 1)

# %% [odd]
def odd(n):
    return False if n == 0 else even(n - 1)

# %% [node]
class Node:
    def __init__(self, value, children=()):
        self.value, self.children = value, list(children)

    def copy(self):
        return tree(self.value, *self.children)

    def total(self):
        return self.value + sum(child.total() for child in self.children)

# %% [tree]
def tree(value, *children):
    return Node(value, children)

root = tree(1, tree(2), tree(3, tree(4)))
root.children.append(Node(10))
root.parent = root

# %% [handler]
%%endpoint --example {"n": 5}
def circles(n: int) -> list:
    return [even(n), odd(n), root.copy().total(), root.parent is root, Node(n).copy().value]
