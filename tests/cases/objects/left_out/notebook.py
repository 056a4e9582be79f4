# Objects whose own pickling leaves something out, or makes them anew: nb2svc says what is otherwise in the service.

# %% [define]
import threading

class Scaler:
    def __init__(self, factor):
        self.factor = factor
        self.lock = threading.Lock()
        self.seen = {}

    def __getstate__(self):
        return {"factor": self.factor}

    def __setstate__(self, state):
        self.__init__(**state)

    def scaled(self, x):
        with self.lock:
            self.seen[x] = self.factor * x
            return self.seen[x]

class Span:
    def __init__(self, first, last):
        self.first, self.last = first, last

    def __reduce__(self):
        return Span, (self.first, self.last)

scaler, fresh, span = Scaler(2), Scaler(3), Span(1, 5)
scaler.scaled(7)

# %% [handler]
%%endpoint --example {"x": 2}
def scaled(x: int) -> list:
    return [scaler.scaled(x), scaler.seen[x], fresh.factor, span.last - span.first]
