# A library whose installed file was edited by hand: the service would install the original.

# %% [install]
import base64, hashlib, os, sys, tempfile, time
from pathlib import Path

site = Path(tempfile.mkdtemp(), "site-packages")
site.mkdir()
original = "def rate():\n    return 0.19\n"
(site / "fabtax.py").write_text(original)
info = site / "fabtax-1.0.dist-info"
info.mkdir()
digest = base64.urlsafe_b64encode(hashlib.sha256(original.encode()).digest()).rstrip(b"=").decode()
(info / "METADATA").write_text("Metadata-Version: 2.1\nName: fabtax\nVersion: 1.0\n")
(info / "RECORD").write_text(f"fabtax.py,sha256={digest},{len(original)}\n")
installed = time.time() - 3600
os.utime(info, (installed, installed))

# %% [edit]
(site / "fabtax.py").write_text(original.replace("0.19", "0.07"))
sys.path.insert(0, str(site))
import fabtax

# %% [tax]
%%endpoint POST /tax --example {"net": 100}
def tax(net):
    return {"tax": net * fabtax.rate()}
