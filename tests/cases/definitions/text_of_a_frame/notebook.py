# A notebook shows up to 20 columns of a DataFrame, another process as many as its terminal has room for.

# %% [frame]
import pandas as pd

wide = pd.DataFrame({f"column_{number}": [number / 7] for number in range(24)})
for name, value in {"display.precision": 3, "display.width": 60}.items():
    pd.set_option(name, value)

# %% [handler]
%%endpoint --example {"whole": true}
def shown(whole: bool) -> str:
    return wide.to_string() if whole else f"{wide.head(1)}"
