"""Asset checks: what must hold of the tables, derived from the catalogue. `findings` and the rules know no Dagster."""

from backlog_assets.checks.build import build_checks

__all__ = ["build_checks"]
