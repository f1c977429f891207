"""Who may do what in MLflow behind accounts: everybody reads, an administrator writes.

MLflow's server imports this module, by the setting `authorization_function` of its basic-auth app. By themselves, its
permissions let every account make experiments and models, whose files it may then write wherever the server can.
"""

from __future__ import annotations

import re
from typing import Any

_READING_POST = re.compile(r"/(?:ajax-)?api/\d\.\d/mlflow/[\w-]+/search(?:-datasets)?|/graphql")


def authenticate() -> Any:
    """The login of the request, as MLflow checks it; an answer 403 where an account that only reads would write."""
    from flask import request
    from mlflow.server import auth
    from werkzeug.datastructures import Authorization

    login = auth.authenticate_request_basic_auth()
    asks = request.method == "POST" and _READING_POST.fullmatch(request.path)
    reads = asks or request.method in ("GET", "HEAD", "OPTIONS")
    if reads or not isinstance(login, Authorization) or auth.store.get_user(str(login.username)).is_admin:
        return login
    return auth.make_forbidden_response()
