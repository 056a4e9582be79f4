# Options of pandas that a loop set, so that no statement says which: a service has others, and its text another one.

# %% [frame]
import pandas as pd

wide = pd.DataFrame({f"column_{number}": [number / 7] for number in range(24)})
for name, value in {"display.precision": 3, "display.width": 60, "display.max_columns": 20}.items():
    pd.set_option(name, value)

# %% [handler]
%%endpoint --example {"whole": true}
def shown(whole: bool) -> str:
    return wide.to_string() if whole else f"{wide.head(1)}"
