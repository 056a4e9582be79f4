# A hierarchy of exceptions across cells, raised by helpers and caught by the handler.

# %% [base]
class PriceError(Exception):
    """Something is wrong with a price."""

    def __init__(self, message, *, amount):
        super().__init__(message)
        self.amount = amount

# %% [child]
class TooCheap(PriceError, ValueError):
    pass

KNOWN = {TooCheap: "cheap", ZeroDivisionError: "zero"}

# %% [helper]
def checked(amount):
    if amount < 1:
        raise TooCheap(f"{amount} is too cheap", amount=amount)
    return 10 / (amount - 5)

# %% [handler]
%%endpoint --example {"amount": 0} --example {"amount": 5} --example {"amount": 7}
def price(amount: float) -> dict:
    try:
        return {"price": checked(amount)}
    except PriceError as error:
        return {"error": str(error), "kind": KNOWN[type(error)], "amount": error.amount}
    except tuple(KNOWN) as error:
        return {"error": type(error).__name__}
    finally:
        pass
