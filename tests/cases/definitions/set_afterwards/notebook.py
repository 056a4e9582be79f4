# Attributes that cells set after a class or function was made, names that were bound again, and what is told of both.

# %% [define]
class Odd(ValueError): pass
a = 1
class A:
    a = a + 1
    b = a * 10
    c = [a for _ in range(2)]
def make(k):
    def f(x): return x + k
    f.inner = lambda x: x * k
    return f
f = make(3)
class Meta(type):
    def __new__(m, name, bases, ns, **kw):
        c = super().__new__(m, name, bases, ns); c.tag = name.lower(); return c
class B(metaclass=Meta): pass
class D: pass
# %% [use]
class Thing:
    err = Odd
    def f(self, x):
        if x % 2: raise self.err("odd")
        return x
p = Thing()
a = 100
B.tag = "changed"
D.z = staticmethod(lambda x: x + 1); D.twice = property(lambda self: 3)
# %% [again]
class Odd(ValueError): pass
# %% [handler]
%%endpoint --example {"x": 2}
def handler(x: int):
    try: r = p.f(x)
    except Odd: r = "new"
    except ValueError: r = "old"
    return [r, A.a, A.b, A.c, f(x), f.inner(x), B.tag, D.z(x), D().twice, __name__ == "x"]
