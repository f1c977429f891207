"""Superset's settings: everything that differs from place to place comes from the environment."""

import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
if not SECRET_KEY or not os.environ.get("SUPERSET_ADMIN_PASSWORD"):
    raise SystemExit("DASHBOARD_SECRET and DASHBOARD_PASSWORD have no value: set both in .env")
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_STORE"]

APP_NAME = "Customer lifetime value"
# Answers are kept for a minute: a month that is published shows at once, and a page of ten charts asks only once.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 86_400}
EXPLORE_FORM_DATA_CACHE_CONFIG = FILTER_STATE_CACHE_CONFIG
# The stack listens on the loopback interface without TLS; content comes from this server alone.
TALISMAN_ENABLED = False
SESSION_COOKIE_SAMESITE = "Lax"
ROW_LIMIT = 5_000
