"""The model saved in MLflow's scikit-learn flavor, once, then `mlflow models serve`."""

import hashlib
import os
import sys
from pathlib import Path

port, scratch = sys.argv[1:]
file = Path(os.environ["MODEL"])
folder = Path(scratch) / "mlflow" / f"boosting-{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
if not folder.exists():
    import joblib
    import mlflow.sklearn

    mlflow.sklearn.save_model(
        joblib.load(file), folder, pyfunc_predict_fn="predict", serialization_format="pickle", pip_requirements=[]
    )
program = str(Path(sys.executable).with_name("mlflow"))
serve = (program, "models", "serve", "-m", str(folder), "-h", "127.0.0.1", "-p", port)
os.execv(program, [*serve, "--env-manager", "local", "--workers", "1"])
