"""Any single object of the API on demand, by its path: the asset `single_objects`. Knows no other table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
from pydantic import Field

from backlog_assets.catalogue import BY_NAME, Paging
from backlog_assets.client import BacklogClient
from backlog_assets.errors import Denied, Undefined
from backlog_assets.failures import told
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.progress import report
from backlog_assets.reading import Asking, measured
from backlog_assets.resources import BacklogResource
from backlog_assets.shape import Record
from backlog_assets.specs import Options, specs_of
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import Warehouse, columns_of, full_name

TABLE = "single_objects"

REPOSITORY = "/projects/{projectIdOrKey}/git/repositories/{repoIdOrName}"

KINDS: Mapping[str, str] = {
    "/activities/{activityId}": "activity",
    "/documents/{documentId}": "document",
    "/issues/{issueIdOrKey}": "issue",
    "/issues/{issueIdOrKey}/comments/{commentId}": "issue_comment",
    "/projects/{projectIdOrKey}": "project",
    "/projects/{projectIdOrKey}/webhooks/{webhookId}": "webhook",
    REPOSITORY: "git_repository",
    f"{REPOSITORY}/pullRequests/{{number}}": "pull_request",
    "/teams/{teamId}": "team",
    "/users/myself": "user",
    "/users/{userId}": "user",
    "/watchings/{watchingId}": "watching",
    "/wikis/{wikiId}": "wiki",
}
"""Every path of the API that answers with one object that has an id -> what that is."""

PLACES: Mapping[str, str] = {
    "projectIdOrKey": r"[0-9]+|[A-Z][A-Z0-9_]*",
    "issueIdOrKey": r"[0-9]+|[A-Z][A-Z0-9_]*-[0-9]+",
    "repoIdOrName": r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
    "documentId": r"[0-9a-f]+",
}
"""What may stand at a name in braces; a number where nothing else is said."""

EXAMPLE = "/users/myself"
"""Asked for where nobody has asked for anything yet: every key may read it."""


def kind_of(path: str) -> str | None:
    """What stands at a path of the API; None where that is no single object."""
    return next((kind for pattern, kind in KINDS.items() if _pattern(pattern).fullmatch(path)), None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", lambda name: f"(?:{PLACES.get(name[1], '[0-9]+')})", path))


def spelled(path: str) -> str:
    """A path as people write it, as the API has it: `users/7/` -> `/users/7`."""
    return "/" + path.strip().strip("/")


def read_single_objects(
    client: BacklogClient, folder: Path, space: str, run_id: str, wanted: Sequence[str], now: datetime
) -> Spooled:
    """Reads objects by their paths. What is no such path, or not there for this key, stands in `refused`."""
    with measured(client, folder, BY_NAME[TABLE], space, run_id) as spool:
        asking = Asking(client, spool.spooled.journal)
        paths = list(dict.fromkeys(map(spelled, wanted)))
        for at, path in enumerate(paths):
            kind = kind_of(path)
            if kind is None:
                spool.spooled.refused[path] = (
                    f"{path[:80]!r} is no path of a single object; write one of {', '.join(KINDS)}."
                )
                continue
            try:
                for page in asking.pages(path, Paging.ONE, {}):
                    spool.add(_row(path, kind, record, now) for record in page)
            except (Denied, Undefined) as error:
                spool.spooled.refused[path] = str(error)
            report(TABLE, at + 1, len(paths))
    return spool.spooled


def _row(path: str, kind: str, record: Record, now: datetime) -> Record:
    id_ = record.get("id")
    return {
        "path": path,
        "kind": kind,
        "id": None if id_ is None else str(id_),
        "fetchedAt": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "record": record,
    }


def asked_before(warehouse: Warehouse) -> list[str]:
    """The paths that stand in the table."""
    if not warehouse.exists:
        return []
    with warehouse.connection() as connection:
        if not columns_of(connection, warehouse.schema, TABLE):
            return []
        name = full_name(connection, warehouse.schema, TABLE)
        return [str(path) for [path] in connection.execute(f"SELECT path FROM {name} ORDER BY path").fetchall()]


class ObjectsWanted(dg.Config):
    """Which objects the `single_objects` asset asks for."""

    paths: list[str] = Field(
        default=[],
        description="Paths below /api/v2, such as /users/123, /watchings/5 or /activities/9. With none listed, those "
        "of the last times are asked for again.",
    )


def build_single_objects(options: Options) -> dg.AssetsDefinition:
    """The `single_objects` asset: objects of any kind, listed in the run config."""
    endpoint = BY_NAME[TABLE]
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: ObjectsWanted,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> "Iterator[dg.Output[Spooled]]":
        wanted = config.paths or told(lambda: asked_before(backlog_io_manager.warehouse)) or [EXAMPLE]
        spooled = told(
            lambda: read_single_objects(
                backlog.client,
                backlog.spools,
                backlog.space_name,
                context.run.run_id,
                wanted,
                datetime.now(timezone.utc),
            )
        )
        for spec in specs:
            yield dg.Output(spooled, output_name=spec.key.to_python_identifier())
        if not spooled.refused:
            return
        reasons = " ".join(reason for _, reason in sorted(spooled.refused.items()))
        said = f"{spooled.records} objects were loaded, {len(spooled.refused)} refused. {reasons}"
        if config.paths:
            raise dg.Failure(said, {"refused": dg.MetadataValue.json(spooled.refused)}, allow_retries=False)
        # Nobody has asked for them now. What is gone, or may not be read any more, stays as it was last seen.
        context.log.warning(said)

    return load
