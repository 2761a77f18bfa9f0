"""What an example query is: a title in two languages and its SQL. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A query somebody might really ask. `title` and `title_ja` say what the answer tells, as a plain phrase.

    `sql` is one SELECT in DuckDB's words over the tables of schema `backlog` (bookkeeping: `backlog_ops`). It does not
    depend on the day on which it is run to find something, unless the passing of time brings rows.
    """

    title: str
    title_ja: str
    sql: str
