# Views of dicts and weak references cannot be saved; what they show can.

# %% [make]
import types
import weakref

class Part:
    pass

part = Part()
settings = {
    "names": {"a": 1}.keys(),
    "fixed": types.MappingProxyType({"a": 1}),
    "part": weakref.ref(part),
}
names, fixed, reference = settings["names"], settings["fixed"], settings["part"]

# %% [handler]
%%endpoint --example {}
def look() -> list:
    return [sorted(names), dict(fixed), reference() is None]
