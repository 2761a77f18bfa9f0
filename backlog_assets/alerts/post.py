"""Sends what is in the outbox, as far as time allows. Knows no Dagster."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backlog_assets.alerts.channels import Channel, Parcel, Undelivered
from backlog_assets.alerts.message import letter
from backlog_assets.alerts.outbox import Delivery, Outbox
from backlog_assets.alerts.settings import Routing

LOG = logging.getLogger(__name__)


@dataclass
class Posted:
    """What became of the deliveries of one tick: how many were sent, which failed for now, which for good."""

    sent: int = 0
    failed: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])


def post(
    outbox: Outbox,
    channels: Sequence[Channel],
    routing: Routing,
    now: Callable[[], float],
    has_time: Callable[[], bool] = lambda: True,
) -> Posted:
    """Sends what is due. A channel in trouble is left alone until a later tick, and holds up no other."""
    posted = Posted()
    by_name = {channel.name: channel for channel in channels}
    in_trouble: set[str] = set()
    stopped: set[tuple[str, str]] = set()
    while True:
        ahead = [
            one
            for one in outbox.due(by_name, now())
            if one.channel not in in_trouble and (one.channel, one.notice.incident) not in stopped
        ]
        if not ahead:
            return posted
        for delivery in ahead:
            if delivery.channel in in_trouble:
                continue
            if not has_time():
                return posted
            try:
                _send(outbox, by_name[delivery.channel], delivery, routing)
                posted.sent += 1
            except Undelivered as error:
                if error.is_message:
                    stopped.add((delivery.channel, delivery.notice.incident))
                else:
                    in_trouble.add(delivery.channel)
                _note(outbox, delivery, error, now(), posted)


def _send(outbox: Outbox, channel: Channel, delivery: Delivery, routing: Routing) -> None:
    remembered = outbox.sending(delivery)
    text = letter(
        delivery.notice,
        language=routing.language,
        dagster_url=routing.dagster_url,
        zone=routing.zone,
        again=delivery.again and not channel.notices_repeats,
    )
    receipt = channel.send(Parcel(delivery.id, delivery.notice, text, delivery.again, remembered))
    outbox.sent(delivery, receipt.detail, receipt.remember)


def _note(outbox: Outbox, delivery: Delivery, error: Undelivered, now: float, posted: Posted) -> None:
    lost = outbox.failed(
        delivery,
        str(error),
        now,
        again=error.may_have_arrived,
        is_message=error.is_message,
        wait_seconds=error.wait_seconds,
    )
    title = letter(delivery.notice).title
    if lost:
        posted.lost.append(f"{delivery.channel}: {title}")
        LOG.error("Given up after three days: the alert %r was not delivered by %s. %s", title, delivery.channel, error)
    else:
        posted.failed.append(str(error))
        LOG.warning("The alert %r was not delivered by %s and is tried again: %s", title, delivery.channel, error)
