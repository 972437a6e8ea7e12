"""Docker's events on one host: a bell for each project that is waited for."""

from __future__ import annotations

import threading
from typing import Any

from .health import PROJECT
from .runner import Runner

# Only what can end a wait; of the tests in containers only those that pass, lest our own wake themselves for ever.
TELLING = ("health_status", "start", "die", "restart", "oom", "exec_die")


class Events:
    """Wakes the wait of the project that an event concerns. Starts with the first wait."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._bells: dict[str, threading.Event] = {}
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stream: Any = None
        self._closed = False
        self.hung_up = False  # Docker ended the stream: it was restarted, or is being so

    def follow(self, project: str, bell: threading.Event) -> None:
        """Ring `bell` at every event of `project` from now on. Raises ConnectionError.

        Without events each wait looks for itself.
        """
        self._bells[project] = bell
        self.begin()

    def begin(self) -> None:
        """Connect and listen, ahead of the first wait. Raises ConnectionError."""
        with self._starting:
            if self._thread is None and not self._closed:
                self._stream = self._subscribe()
            if self._thread is None and self._stream is not None:
                self._thread = threading.Thread(target=self._listen, name="events", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop listening. A start that hangs is not waited for: it ends with the connection."""
        self._closed = True
        if not self._starting.acquire(timeout=2):
            return
        try:
            if self._stream is not None:
                self._stream.close()
            if self._thread is not None:
                self._thread.join(timeout=2)
        finally:
            self._starting.release()

    def _subscribe(self) -> Any:
        from docker.errors import APIError
        from requests.exceptions import RequestException

        try:
            return self._runner.docker().events(decode=True, filters={"type": ["container"], "event": list(TELLING)})
        except (APIError, RequestException):
            return None

    def _listen(self) -> None:
        from requests.exceptions import RequestException

        try:
            for event in self._stream:
                facts = event.get("Actor", {}).get("Attributes", {})
                bell = self._bells.get(facts.get(PROJECT, ""))
                if bell and not (event.get("Action") == "exec_die" and facts.get("exitCode") != "0"):
                    bell.set()
        except (OSError, RequestException, ValueError):
            for bell in list(self._bells.values()):
                bell.set()  # the stream broke: each wait looks for itself, and goes on without events
        finally:
            self.hung_up = not self._closed
