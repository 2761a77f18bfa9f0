"""`backlog-assets alerts`: what can be tried from a terminal. Imports nothing heavy before it is used."""

import os
import sys

import click


@click.group()
def alerts() -> None:
    """Where alerts go: Slack, Teams, Google Chat, a webhook, e-mail, Backlog issues."""


@alerts.command("test")
def try_out() -> None:
    """Send a sample to each channel that is set, and say what came back.

    Exit status 0 when all of them took it, 1 when one did not, 2 when a setting is wrong or none is set.
    """
    from backlog_assets.alerts.trial import run
    from backlog_assets.errors import Misconfigured

    try:
        status = run(os.environ)
    except Misconfigured as error:
        click.echo(str(error), err=True)
        status = 2
    sys.exit(status)
