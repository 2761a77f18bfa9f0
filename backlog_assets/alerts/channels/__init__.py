"""Where alerts go. Each channel sends one parcel and says what came back; it keeps nothing and decides nothing."""

from backlog_assets.alerts.channels.issue import BacklogIssues
from backlog_assets.alerts.channels.mail import Mail
from backlog_assets.alerts.channels.parcel import Channel, Parcel, Receipt, Undelivered
from backlog_assets.alerts.channels.web import GoogleChat, Slack, Teams, Webhook

__all__ = [
    "BacklogIssues",
    "Channel",
    "GoogleChat",
    "Mail",
    "Parcel",
    "Receipt",
    "Slack",
    "Teams",
    "Undelivered",
    "Webhook",
]
