"""Backlog itself: an issue for each incident, comments while it goes on, closed when it is over. Sends through
`BacklogClient`, whose rate limit and pause between updates it keeps.

Updates cannot be sent twice: whoever does not know whether one was done looks for its mark first. The mark is the
delivery's id in the last line of the text.
"""

from collections.abc import Mapping
from typing import Any

from backlog_assets.alerts.channels.parcel import Parcel, Receipt, Undelivered
from backlog_assets.alerts.message import shortened
from backlog_assets.client import BacklogClient
from backlog_assets.errors import BacklogError, Denied, Refused, Unavailable

CLOSED = 4
NORMAL = 3
"""Priority of the issue: the second of Backlog's three."""

HIGH = 2

SUMMARY_LENGTH = 250
TEXT_LENGTH = 20_000
LOOKED_THROUGH = 100
"""Newest issues, or comments, among which an earlier try is looked for."""


class BacklogIssues:
    """Issues in one project (its key). `issue_type` is a name; without one it is the project's first."""

    name = "backlog"
    notices_repeats = True

    def __init__(self, client: BacklogClient, project: str, issue_type: str = "") -> None:
        self._client = client
        self._project = project
        self._issue_type = issue_type

    def __repr__(self) -> str:
        return f"BacklogIssues({self._project!r})"

    def close(self) -> None:
        self._client.close()

    def send(self, parcel: Parcel) -> Receipt:
        problem: BacklogError | None = None
        try:
            return self._send(parcel)
        except BacklogError as error:
            problem = error
        # Out here, so that no other exception hangs on to it.
        raise Undelivered(
            str(problem),
            may_have_arrived=isinstance(problem, Unavailable),
            is_message=isinstance(problem, Refused) and problem.status == 400,
        )

    def _send(self, parcel: Parcel) -> Receipt:
        event, issue = parcel.notice.event, parcel.remembered
        if issue is not None and self._status(issue) is None:
            issue = None  # somebody has deleted it
        if issue is None:
            if event in ("recovered", "changed"):
                return Receipt("there is no open issue to close")
            return self._create(parcel)
        if not (parcel.again and self._is_commented(issue, parcel)):
            self._comment(issue, parcel)
        return Receipt(f"comment on {issue}", remember=issue)

    def _create(self, parcel: Parcel) -> Receipt:
        project = self._client.get(f"/projects/{self._project}")
        found = self._created_before(project["id"], parcel) if parcel.again else None
        if found is None:
            form: dict[str, str | int] = {
                "projectId": project["id"],
                "summary": parcel.letter.title[:SUMMARY_LENGTH],
                "issueTypeId": self._issue_type_id(),
                "priorityId": HIGH if parcel.notice.severity == "error" else NORMAL,
                "description": _text(parcel, project),
            }
            found = self._client.update("POST", "/issues", form)["issueKey"]
        return Receipt(f"issue {found}", remember=str(found))

    def _comment(self, issue: str, parcel: Parcel) -> None:
        project = self._client.get(f"/projects/{self._project}")
        text = f"{parcel.letter.title}\n\n{_text(parcel, project)}"
        if parcel.notice.closes and self._status(issue) != CLOSED:
            self._client.update("PATCH", f"/issues/{issue}", {"statusId": CLOSED, "comment": text})
        else:
            self._client.update("POST", f"/issues/{issue}/comments", {"content": text})

    def _status(self, issue: str) -> int | None:
        """The issue's status; None where it is not there any more."""
        try:
            return int(self._client.get(f"/issues/{issue}")["status"]["id"])
        except Denied as error:
            if error.status == 404:
                return None
            raise

    def _created_before(self, project_id: int, parcel: Parcel) -> str | None:
        params: Mapping[str, Any] = {
            "projectId": [project_id],
            "sort": "created",
            "order": "desc",
            "count": LOOKED_THROUGH,
        }
        issues: list[Any] = self._client.get("/issues", params)
        marked = [row for row in issues if _mark(parcel) in str(row.get("description"))]
        return str(marked[0]["issueKey"]) if marked else None

    def _is_commented(self, issue: str, parcel: Parcel) -> bool:
        comments: list[Any] = self._client.get(f"/issues/{issue}/comments", {"order": "desc", "count": LOOKED_THROUGH})
        return any(_mark(parcel) in str(row.get("content")) for row in comments)

    def _issue_type_id(self) -> int:
        types: list[Any] = self._client.get(f"/projects/{self._project}/issueTypes")
        named = [row for row in types if not self._issue_type or row["name"] == self._issue_type]
        if not named:
            raise Refused(
                f"The project {self._project} has no issue type {self._issue_type!r}; it has "
                f"{', '.join(str(row['name']) for row in types)}. Set BACKLOG_ALERT_BACKLOG_ISSUE_TYPE to one of them."
            )
        return int(named[0]["id"])


def _mark(parcel: Parcel) -> str:
    return f"backlog-assets {parcel.delivery_id}"


def _text(parcel: Parcel, project: Mapping[str, Any]) -> str:
    """The body where Backlog does not read it as markup, then the link and the mark."""
    letter, body = parcel.letter, shortened(parcel.letter.body, TEXT_LENGTH)
    if project.get("textFormattingRule") == "markdown":
        quoted = "```\n" + body.replace("```", "'''") + "\n```"
    else:
        quoted = "{code}\n" + body.replace("{/code}", "{ /code}") + "\n{/code}"
    return f"{quoted}\n{letter.link_text}: {letter.link}\n\n{_mark(parcel)}"
