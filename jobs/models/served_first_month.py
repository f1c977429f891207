"""The registered model of the first month as an MLflow pyfunc; see `served_model.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
from jobs.models.model_version import as_floats


class ServedFirstMonth(PythonModel):
    """Forecasts customers who have completed the first month, from the features of that month."""

    def load_context(self, context: Any) -> None:
        """Read the forecaster's files."""
        self.forecaster = FirstMonthForecaster.load(Path(context.artifacts["forecaster"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """The columns of `FirstMonthForecaster.predict`; money as doubles, which JSON can represent."""
        return as_floats(self.forecaster.predict(model_input))


set_model(ServedFirstMonth())
