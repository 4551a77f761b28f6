"""Whether something is still wanted, settled once between who may give up and who does it."""

from __future__ import annotations

import threading


class Consent:
    """Asked from two threads: nobody gives up what is done, and nothing is done that was given up.

    A password takes a second to compute. Whoever cancels meanwhile must find everything as it was,
    and whoever cancels too late must be shown the recovery key that came of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._is_given_up = False

    def take(self) -> bool:
        """Whether it may be done now; from then on it cannot be given up."""
        with self._lock:
            self._is_taken = not self._is_given_up
            return self._is_taken

    def give_up(self) -> bool:
        """Whether it was given up in time."""
        with self._lock:
            self._is_given_up = not self._is_taken
            return self._is_given_up
