"""Which columns are made of another table's columns, told from the catalogue. Pure; no table is named here.

A column has lineage where its values are those of another table of the warehouse: a view's columns, the parent's id in
a child table, and in per-project tables the project, by which Backlog was asked. What comes out of Backlog's answer has
none, also where it repeats another table's record (the name of a category inside an issue): nothing here computed it.
"""

from collections.abc import Mapping

from backlog_assets.catalogue import ENDPOINTS, Endpoint
from backlog_assets.catalogue.columns import PROJECT_ID, PROJECT_KEY
from backlog_assets.catalogue.table import child_table, table_of

Source = tuple[str, str]
"""A table and a column of it."""

PROJECTS = "projects"
"""The table whose rows say which projects per-project tables are loaded of."""


def sources_of(endpoint: Endpoint) -> Mapping[str, Mapping[str, Source]]:
    """Table or view of the endpoint -> its columns that have lineage -> where their values are from."""
    found: dict[str, Mapping[str, Source]] = {}
    if endpoint.per_project:
        found[endpoint.name] = {
            PROJECT_ID.name: (PROJECTS, "id"),
            PROJECT_KEY.name: (PROJECTS, PROJECT_KEY.name),
        }
    for child in endpoint.children:
        found[child.name] = {child_table(child).key[0]: (endpoint.name, "id")}
    for view in endpoint.views:
        found[view.name] = {column.name: (endpoint.name, column.name) for column in table_of(endpoint).columns}
    return found


SOURCES: Mapping[str, Mapping[str, Source]] = {
    table: sources for endpoint in ENDPOINTS for table, sources in sources_of(endpoint).items()
}
"""The lineage of every table that has one."""
