"""What every channel gets and gives."""

from dataclasses import dataclass
from typing import Protocol

from backlog_assets.alerts.message import Letter
from backlog_assets.alerts.state import Notice


@dataclass(frozen=True)
class Parcel:
    """One message on its way to one channel.

    `delivery_id` is the same whenever it is sent again; `again` is whether an earlier try may have arrived.
    `remembered` is what the channel asked to keep of the incident (None: nothing yet).
    """

    delivery_id: str
    notice: Notice
    letter: Letter
    again: bool = False
    remembered: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What came back, for people to read, and what to remember of the incident."""

    detail: str
    remember: str | None = None


class Undelivered(Exception):
    """It did not go out, or nobody knows. The text holds no address and no credential.

    `may_have_arrived`: nobody knows. `is_message`: this message was refused, others may pass; else the channel is in
    trouble. `wait_seconds` is what the other side asks for.
    """

    def __init__(
        self, reason: str, *, may_have_arrived: bool, is_message: bool = False, wait_seconds: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.may_have_arrived = may_have_arrived
        self.is_message = is_message
        self.wait_seconds = wait_seconds


class Channel(Protocol):
    """A way to people. `notices_repeats`: a parcel sent twice is shown once, by its delivery id."""

    @property
    def name(self) -> str: ...

    @property
    def notices_repeats(self) -> bool: ...

    def send(self, parcel: Parcel) -> Receipt:
        """Sends once; raises Undelivered."""
        ...

    def close(self) -> None: ...
