"""As much of Airflow's REST API as the service calls, with the answers that Airflow 3 gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RUNS = "/api/v2/dags/clv_monthly/dagRuns"


class AirflowStub(ThreadingHTTPServer):
    """Runs that were started, and tokens that are accepted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs: dict[str, dict[str, Any]] = {}
        self.plans: dict[str, dict[str, Any]] = {}
        self.tokens = 0
        self.asked: list[str] = []
        self.refusal: tuple[int, Any] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: AirflowStub

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self.server.tokens += 1
            is_right = body == {"username": "api", "password": "right"}
            return self._answer(201 if is_right else 401, {"access_token": f"token-{self.server.tokens}"})
        if not self._is_known():
            return None
        if self.server.refusal is not None:
            return self._answer(*self.server.refusal)
        if body["dag_run_id"] in self.server.runs:
            return self._answer(409, {"detail": {"reason": "Unique constraint violation"}})
        if body["conf"].get("month") == "1899-01":
            return self._answer(400, {"detail": "Invalid input for param month"})
        assert body["logical_date"] is None
        times = {"queued_at": "2011-12-10T00:00:00Z", "start_date": None, "end_date": None}
        run = {"dag_run_id": body["dag_run_id"], "state": "queued", "conf": body["conf"], "note": body["note"], **times}
        self.server.runs[body["dag_run_id"]] = run
        return self._answer(200, run)

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if not self._is_known():
            return None
        if self.path == "/api/v2/dags/clv_monthly":
            return self._answer(200, {"is_paused": True})
        dag_run_id, _, rest = self.path.removeprefix(f"{RUNS}/").partition("/")
        run = self.server.runs.get(dag_run_id)
        if run is None:
            return self._answer(404, {"detail": "The DagRun was not found"})
        if rest.startswith("taskInstances?"):
            tasks = [{"task_id": "plan.plan", "state": "success"}, {"task_id": "ingest", "state": None}]
            return self._answer(200, {"task_instances": tasks})
        if rest.endswith("/xcomEntries/return_value"):
            plan = self.server.plans.get(dag_run_id)
            return self._answer(200, {"value": plan}) if plan else self._answer(404, {"detail": "XCom not found"})
        return self._answer(200, run)

    def _is_known(self) -> bool:
        if self.headers["Authorization"] == f"Bearer token-{self.server.tokens}":
            return True
        self._answer(401, {"detail": "Invalid JWT token"})
        return False

    def _answer(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def airflow_stub() -> Iterator[AirflowStub]:
    with AirflowStub() as stub:
        thread = threading.Thread(target=stub.serve_forever, daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            stub.shutdown()
            thread.join()
