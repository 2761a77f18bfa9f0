"""A whole Backlog space in DuckDB, as Dagster assets."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("backlog-assets")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0"
