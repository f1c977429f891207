"""Refused input: the one kind of failure that a retry cannot mend."""


class RefusedError(ValueError):
    """The input is refused: a job that ends with this error exits with code 65, and Airflow does not retry it.

    The message says what is wrong, where, and what to do.
    """
