# Notebook code that asks for its module's name.

# %% [code]
import logging

logger = logging.getLogger(__name__)

class Named:
    pass

def main():
    return "run"

if __name__ == "__main__":
    result = main()

# %% [handler]
%%endpoint --example {"x": 1}
def named(x: int) -> list:
    logger.info("asked")
    return [result, Named.__qualname__, x]
