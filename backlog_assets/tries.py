"""Whether a request is tried again, and after how long. Sends nothing; what pauses is handed in."""

import logging
import random
from collections.abc import Callable

from backlog_assets.answers import Answer, sentence
from backlog_assets.errors import Refused, Unavailable
from backlog_assets.transport import Trouble

MOST_THROTTLES = 10
"""Answers 429 in a row that are waited for before giving up."""

LONGEST_BACKOFF_SECONDS = 60.0


class Tries:
    """How often one request was tried. `again` and `failed` pause before the next try, or raise when it is enough."""

    def __init__(
        self,
        asked: str,
        most: int,
        throttled: Callable[[Answer, int], None],
        pause: Callable[[float], None],
        log: logging.Logger,
    ) -> None:
        self._asked = asked
        self._most = most
        self._throttled = throttled
        self._pause = pause
        self._log = log
        self._failures = 0
        self._throttles = 0

    def again(self, answer: Answer | Trouble) -> bool:
        if isinstance(answer, Trouble):
            if answer.final:
                raise Refused(
                    f"{self._asked} was not sent: {answer.what}. Retrying cannot help; check BACKLOG_SPACE, and the "
                    "certificates this machine trusts (REQUESTS_CA_BUNDLE)."
                )
            self.failed(answer.what)
            return True
        if answer.is_throttled():
            self._throttles += 1
            if self._throttles > MOST_THROTTLES:
                raise Unavailable(
                    f"Backlog answered {self._asked} with {answer.told()}, {self._throttles} times in a row. "
                    "Waiting may help: somebody else uses up this user's rate limit."
                )
            self._throttled(answer, self._throttles)
            return True
        self._throttles = 0
        if answer.may_pass():
            self.failed(answer.told())
            return True
        return False

    def failed(self, what: str) -> None:
        self._failures += 1
        if self._failures >= self._most:
            raise Unavailable(
                f"Backlog did not answer {self._asked} properly, tried {self._failures} times: {sentence(what)} "
                "Waiting may help: load it again later; if it stays so, check the network and BACKLOG_SPACE."
            )
        seconds = random.uniform(0, min(LONGEST_BACKOFF_SECONDS, 2.0**self._failures))
        self._log.warning("%s: %s; try %d of %d in %.1f s.", self._asked, what, self._failures + 1, self._most, seconds)
        self._pause(seconds)
