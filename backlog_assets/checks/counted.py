"""The proof of completeness that a load brings itself: it has counted after all that it read. Asks nothing."""

from backlog_assets.catalogue.table import Table
from backlog_assets.checks.findings import Finding, Scene, counted, live
from backlog_assets.cursors import cursors_of


def counted_by_the_load(scene: Scene, table: Table, run_id: str) -> Finding | None:
    """That a table has all that Backlog counted in this very run; None where that was not asked, or is not so."""
    if table.name not in scene.tables:
        return None
    own = {name: one.value for name, one in cursors_of(scene.connection, table.name).items() if one.run_id == run_id}
    if "counted" not in own:
        return None
    chosen = ""
    if scene.only is not None:
        chosen = f" AND project_id IN (SELECT id FROM {scene.name('projects')} WHERE list_contains($only, project_key))"
    found = scene.connection.execute(
        f"SELECT count(*) FROM {scene.name(table.name)} t WHERE {live(table)}{chosen}",
        {"only": list(scene.only)} if scene.only is not None else None,
    ).fetchone()
    theirs, repaired = int(own["counted"]), int(own.get("repaired", 0))
    if found is None or found[0] != theirs:
        return None
    told = ""
    if repaired:
        told = f" The count has brought {counted(repaired, 'row')} to light that differed; the load has put them right."
    return Finding(
        f"{table.name} has every one of the {theirs:,} that Backlog counted at the end of the load.{told}",
        figures={"in_backlog": theirs, "made_since": 0, "repaired": repaired},
    )
