"""The jobs of the pipeline, and the packages they are built from."""

import os

# OpenMP reads this when it is loaded. With threads that spin while they wait, training took five times as long on two
# cores shared with Airflow, Postgres and MLflow.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
