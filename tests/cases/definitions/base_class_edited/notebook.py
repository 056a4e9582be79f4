# A base class was edited after a subclass of it was made: the subclass keeps the base that it has in the kernel.

# %% [base]
class Base:
    unit = "m"

    def label(self):
        return f"old {self.unit}"

# %% [child]
class Child(Base):
    def label(self):
        return super().label() + " child"

# %% [base]
class Base:
    unit = "km"

    def label(self):
        return f"new {self.unit}"

# %% [younger]
class Younger(Base):
    pass

child = Child()

# %% [handler]
%%endpoint GET /labels --example {}
def labels() -> dict:
    return {
        "labels": [child.label(), Child().label(), Younger().label(), Base().label()],
        "related": [issubclass(Child, Base), issubclass(Younger, Base)],
    }
