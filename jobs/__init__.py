"""The jobs of the pipeline, and what they are made of."""

import os

# OpenMP reads this when it is loaded. Threads that spin while they wait made a training five times as long on two cores
# that Airflow, Postgres and MLflow used too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
