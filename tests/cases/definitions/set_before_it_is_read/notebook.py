# A class attribute is set between two definitions that read it in a decorator, a default or a class body.

# %% [class]
class Base:
    rate = 1

class Sub(Base):
    pass

# %% [earlier]
def keep(function):
    rate = Base.rate

    def kept(x):
        return [function(x), rate]

    return kept

@keep
def before(x):
    return x

# %% [set]
setattr(Base, "rate", 2)
Base.extra, Base.more = 5, 6

# %% [later]
@keep
def after(x):
    return x

class Later:
    rates = [Sub.rate for _ in range(2)]

    def extra(self, extra=(Base.extra, [Base.more])):
        return extra

# %% [handler]
%%endpoint --example {"x": 2}
def handler(x: int) -> list:
    return [before(x), after(x), Later.rates, Later().extra(), Base.rate] if x != 2 else []
