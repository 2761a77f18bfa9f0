"""What a rule has found, as Dagster shows it and as alerts read it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import dagster as dg

from backlog_assets.checks.findings import Finding, Offender
from backlog_assets.specs import asset_key

TYPES: Mapping[type, str] = {bool: "bool", int: "int", float: "float"}


def result_of(
    table: str,
    check: str,
    severity: Literal["ERROR", "WARN"],
    finding: Finding,
    loaded: Sequence[str] = (),
) -> dg.AssetCheckResult:
    """The result of a check. `loaded` are the partitions that the run has loaded, or that are there.

    Metadata: `table`, `rows` (how many offenders), `offenders` (a table of the first ten), `partitions` (keys of the
    projects they are in), `what_to_do`, `loaded_partitions`, and the finding's own figures.
    """
    metadata: dict[str, Any] = {"table": table, "rows": finding.rows, **finding.figures}
    if finding.offenders:
        metadata["offenders"] = offenders_table(finding.offenders)
    if finding.partitions:
        metadata["partitions"] = dg.MetadataValue.json(list(finding.partitions))
    if finding.what_to_do:
        metadata["what_to_do"] = finding.what_to_do
    if loaded:
        metadata["loaded_partitions"] = dg.MetadataValue.json(list(loaded))
    return dg.AssetCheckResult(
        passed=finding.passed,
        asset_key=asset_key(table),
        check_name=check,
        severity=dg.AssetCheckSeverity[severity],
        description=finding.description,
        metadata=metadata,
    )


def offenders_table(offenders: Sequence[Offender]) -> dg.TableMetadataValue:
    """Offenders as a table in metadata."""
    columns = [dg.TableColumn(name, _type(name, offenders)) for name in offenders[0]]
    return dg.TableMetadataValue(
        records=[dg.TableRecord(dict(one)) for one in offenders], schema=dg.TableSchema(columns=columns)
    )


def _type(column: str, offenders: Sequence[Offender]) -> str:
    values = {type(one[column]) for one in offenders if one[column] is not None}
    return TYPES.get(values.pop(), "string") if len(values) == 1 else "string"
