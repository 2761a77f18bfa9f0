"""Comments edited and deleted after the space was built. Knows no HTTP."""

from __future__ import annotations

from backlog_assets.demo.project_changes import ChangeableProjects, Moment
from backlog_assets.demo.times import stamp


class ChangeableComments(ChangeableProjects):
    """The part of `DemoSpace` that changes comments. No activity tells of it.

    Whether Backlog moves the issue's `updated` then is not known; `moves_updated` says so.
    """

    def edit_comment(
        self, issue_id: int, comment_id: int, text: str, at: Moment = None, *, moves_updated: bool = True
    ) -> None:
        with self.changing():
            self._comment_there(issue_id, comment_id)
            moment = self.moment(at)
            self.edited_comments[comment_id] = {"content": text, "updated": stamp(moment)}
            if moves_updated:
                self._touch(issue_id, moment)

    def delete_comment(self, issue_id: int, comment_id: int, at: Moment = None, *, moves_updated: bool = True) -> None:
        with self.changing():
            self._comment_there(issue_id, comment_id)
            self.deleted_comments.add(comment_id)
            if moves_updated:
                self._touch(issue_id, self.moment(at))

    def _comment_there(self, issue_id: int, comment_id: int) -> None:
        if comment_id not in {comment["id"] for comment in self.comments(self.issues[issue_id])}:
            raise KeyError(f"issue {issue_id} has no comment {comment_id}")

    def _touch(self, issue_id: int, at: int) -> None:
        issue = self.issues[issue_id]
        issue.updated = at
        self.rewrite(issue, lambda row: row.update(updated=stamp(at)))
