"""A view a project: its issues with its custom fields as columns, kept in line with their definitions. No HTTP."""

from backlog_assets.field_views.building import BOOK, TRIGGERS, renew_field_views

__all__ = ["BOOK", "TRIGGERS", "renew_field_views"]
