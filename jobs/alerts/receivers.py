"""Notices about runs that need attention, and the receivers they are sent to: a webhook or a mailbox.

The Airflow connection `clv_alerts` names the receiver. If its host is a URL (`https://…`), it is a webhook; the secret
end of its path, if any, is the password. Type `smtp` is a mail server; its extra contains `from_email` and `to`.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.message import EmailMessage

TIMEOUT_SECONDS = 15
"""How long to wait for a response of a receiver."""

_SMTPS_PORT = 465
_SUBMISSION_PORT = 587


class ReceiverError(ValueError):
    """The connection does not name a receiver, or using it would send its password unencrypted."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What happened.

    Attributes:
        event: `failed`, a task has failed for good; `late`, a run has not ended in time; or `drifted`, a published
            month differs from the months of its model's training.
        month: the data month, as text; empty if it is not known.
        task: the task that failed; empty for a late run.
        reason: why, on one line.
        dag_run_id: the Airflow run.
        link: where to look.
    """

    event: str
    month: str
    task: str
    reason: str
    dag_run_id: str
    link: str

    @property
    def headline(self) -> str:
        """What happened, and to which month."""
        forecast = "CLV margin" if self.dag_run_id.startswith("margin/") else "CLV"
        of = f"{forecast} {self.month}" if self.month else forecast
        if self.event == "drifted":
            return f"{of}: published, but it differs from the months that the model was trained on"
        return f"{of}: {self.task} failed" if self.task else f"{of}: run {self.dag_run_id} is late"

    @property
    def text(self) -> str:
        """The notice as plain text. Angle brackets are replaced, because chats read them as mentions or links."""
        return f"{self.headline}\n{self.reason}\n{self.link}".replace("<", "‹").replace(">", "›")


@dataclass(frozen=True)
class Webhook:
    """A URL that accepts JSON: `text`, which Slack, Teams and similar services show, and every field of the notice."""

    url: str

    def send(self, notice: Notice) -> None:
        """Post the notice; raises OSError or http.client.HTTPException if it is not delivered."""
        body = json.dumps({"text": notice.text, **asdict(notice)}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"}, method="POST")
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """A mailbox, and the mail server to send through."""

    host: str
    port: int
    login: str
    password: str
    sender: str
    to: str

    def send(self, notice: Notice) -> None:
        """Send the notice by e-mail, over TLS if the server supports it.

        Raises:
            ReceiverError: a login is configured, but the server does not support TLS.
            OSError: the server cannot be reached, or rejects the message (smtplib.SMTPException).
        """
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = notice.headline, self.sender, self.to
        message.set_content(notice.text)
        with self._server() as server:
            if self.login:
                server.login(self.login, self.password)
            server.send_message(message)

    def _server(self) -> smtplib.SMTP:
        verified = ssl.create_default_context()
        if self.port == _SMTPS_PORT:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=verified)
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=verified)
        elif self.login:
            server.close()
            raise ReceiverError(f"{self.host} does not support TLS: the password was not sent")
        return server


def receiver_of(connection: Mapping[str, object]) -> Webhook | Mailbox:
    """The receiver that an Airflow connection names; raises ReceiverError if it does not name one.

    Args:
        connection: its fields, named as in Airflow's JSON format.
    """
    address = web_address(connection)
    if address is not None:
        return Webhook(address)
    field = {name: str(connection.get(name) or "") for name in ("conn_type", "host", "port", "login", "password")}
    extra = connection.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    if field["conn_type"] != "smtp" or not isinstance(extra, dict) or not {"from_email", "to"} <= set(extra):
        raise ReceiverError(
            "connection clv_alerts: set a host that starts with https:// (webhook), "
            "or type smtp, with from_email and to in the extra (e-mail)"
        )
    return Mailbox(
        host=field["host"],
        port=int(field["port"] or _SUBMISSION_PORT),
        login=field["login"],
        password=field["password"],
        sender=str(extra["from_email"]),
        to=str(extra["to"]),
    )


def web_address(connection: Mapping[str, object]) -> str | None:
    """The URL that a connection names by its host and, as the secret end of the path, its password; None if none."""
    host, secret = (str(connection.get(name) or "") for name in ("host", "password"))
    if not host.startswith(("http://", "https://")):
        return None
    return "/".join(part for part in (host.rstrip("/"), secret) if part)
