"""A sample to each channel that is set, and a line about what came back: what `backlog-assets alerts test` does."""

import time
import uuid
from collections.abc import Mapping

import click

from backlog_assets.alerts.channels import Channel, Parcel, Undelivered
from backlog_assets.alerts.message import letter
from backlog_assets.alerts.sensor import OFF
from backlog_assets.alerts.settings import AlertsResource, Routing
from backlog_assets.alerts.state import Finding, Member, Notice
from backlog_assets.resources import BacklogResource

SAMPLE = "sample"


def run(environ: Mapping[str, str]) -> int:
    """The exit status. A line for each channel is printed."""
    settings = AlertsResource.from_environment(environ)
    if not settings.is_on:
        click.echo(OFF, err=True)
        return 2
    with (
        settings.process_config_and_initialize_cm() as given,
        BacklogResource.from_environment(environ).process_config_and_initialize_cm() as backlog,
    ):
        routing, problems = given.routing()
        channels, more = given.channels(backlog)
        results = [_try(channel, routing) for channel in channels]
    for problem in [*problems, *more]:
        click.echo(problem, err=True)
    return 2 if problems or more else int(not all(results))


def _try(channel: Channel, routing: Routing) -> bool:
    notice = sample(time.time())
    text = letter(notice, language=routing.language, dagster_url=routing.dagster_url, zone=routing.zone)
    said, arrived = "", False
    try:
        receipt = channel.send(Parcel(uuid.uuid4().hex, notice, text))
        said, arrived = receipt.detail, True
        if receipt.remember is not None:
            over = sample(time.time(), over=True)
            end = letter(over, language=routing.language, dagster_url=routing.dagster_url, zone=routing.zone)
            closed = channel.send(Parcel(uuid.uuid4().hex, over, end, remembered=receipt.remember))
            said = f"{said}; {closed.detail}, closed"
    except Undelivered as error:
        said, arrived = str(error), False
    finally:
        channel.close()
    click.echo(f"{channel.name}: {'sent' if arrived else 'NOT SENT'}: {said}")
    return arrived


def sample(now: float, *, over: bool = False) -> Notice:
    """A message that says of itself that it is a sample; or the one that ends it."""
    finding = Finding(
        "warn",
        SAMPLE,
        description="This is a sample. Somebody has run `backlog-assets alerts test`; nothing is wrong.",
        rows=2,
        examples=("id = 1; summary = sample", "id = 2; summary = sample"),
    )
    return Notice(
        id=uuid.uuid4().hex,
        event="recovered" if over else "failing",
        incident=SAMPLE,
        kind="check",
        rule=SAMPLE,
        severity="warn",
        at=now,
        members=(Member("issues", None, now, finding, now if over else None),),
        closes=over,
    )
