"""The registered model as an MLflow pyfunc, for serving and for notebooks.

MLflow stores this file as code and runs it to load the model ("models from code"), so that nothing is pickled. The
pipeline itself scores with `jobs.models.scoring.Model`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from jobs.forecasting.forecaster import Forecaster
from jobs.models.model_version import as_floats


class ServedModel(PythonModel):
    """Forecasts the customers of a snapshot, as of the day that the model was trained as of."""

    def load_context(self, context: Any) -> None:
        """Read the forecaster's files."""
        self.forecaster = Forecaster.load(Path(context.artifacts["forecaster"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """The columns of the forecasts table except `model_version`; money as doubles, which JSON can represent."""
        return as_floats(self.forecaster.predict(model_input))


set_model(ServedModel())
