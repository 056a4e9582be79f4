# Two libraries whose authors made no wheel of these versions for the service's processor.

# %% [install]
import sys

platform = "--python-platform x86_64-manylinux_2_28"
!{sys.executable} -m uv pip install --python {sys.executable} -q --target site {platform} fabfast==1.1 fabquick

# %% [imports]
from pathlib import Path

sys.path.insert(0, str(Path("site").resolve()))
import fabfast
import fabquick

# %% [handler]
%%endpoint GET /versions --example {}
def versions() -> list[str]:
    return [fabfast.__version__, fabquick.__version__]
