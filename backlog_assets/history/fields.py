"""Which field of an issue a word in a change log means, and what its values look like. Pure data; knows no SQL."""

from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """How a change log writes a field's value."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    ONE = "one"
    """The display name of one thing, such as a status."""
    MANY = "many"
    """Display names of several things, with commas between them."""
    FILES = "files"
    """One file that came or went, not the whole list."""


class Names(Enum):
    """What display names stand for, and within which scope a name is looked up."""

    STATUS = "status"
    """Scope: the project."""
    ISSUE_TYPE = "issue_type"
    """Scope: the project."""
    VERSION = "version"
    """Scope: the project. Versions and milestones are the same things."""
    CATEGORY = "category"
    """Scope: the project."""
    USER = "user"
    """Scope: the project's members, then everybody."""
    PRIORITY = "priority"
    """The same in every project."""
    RESOLUTION = "resolution"
    """The same in every project."""
    ISSUE = "issue"
    """An issue key; looked up in `issues`."""
    CUSTOM_ITEM = "custom_item"
    """A choice of a custom field. Scope: the field."""
    CUSTOM_FIELD = "custom_field"
    """A custom field itself. Scope: the project."""
    PROJECT_KEY = "project_key"
    """First part of issue keys, those of today and earlier ones."""


@dataclass(frozen=True)
class Field:
    """A field of an issue: our name, the words Backlog uses for it in change logs, and how values are written.

    `of_project`: its values belong to one project, so they do not survive a move to another.
    """

    name: str
    sent: tuple[str, ...]
    shape: Shape
    names: Names | None = None
    of_project: bool = False


FIELDS = (
    Field("summary", ("summary",), Shape.TEXT),
    Field("description", ("description",), Shape.TEXT),
    Field("issue_type", ("issueType",), Shape.ONE, Names.ISSUE_TYPE, of_project=True),
    Field("status", ("status",), Shape.ONE, Names.STATUS, of_project=True),
    Field("priority", ("priority",), Shape.ONE, Names.PRIORITY),
    Field("resolution", ("resolution",), Shape.ONE, Names.RESOLUTION),
    Field("assignee", ("assigner", "assignee"), Shape.ONE, Names.USER),
    Field("categories", ("component", "category"), Shape.MANY, Names.CATEGORY, of_project=True),
    Field("versions", ("version", "versions"), Shape.MANY, Names.VERSION, of_project=True),
    Field("milestones", ("milestone", "milestones"), Shape.MANY, Names.VERSION, of_project=True),
    Field("start_date", ("startDate",), Shape.DATE),
    Field("due_date", ("limitDate", "dueDate"), Shape.DATE),
    Field("estimated_hours", ("estimatedHours",), Shape.NUMBER),
    Field("actual_hours", ("actualHours",), Shape.NUMBER),
    Field("parent_issue", ("parentIssue", "parentIssueId"), Shape.ONE, Names.ISSUE),
    Field("attachments", ("attachment",), Shape.FILES),
)
"""Every field of an issue that has a history. Change logs know other words too (`notification`, `commit`): those tell
what happened, not what the issue became."""

PROJECT = "project"
"""The issue's project is a field too. No change log tells of a move; recent updates do, by their project."""

CUSTOM_PREFIX = "custom_field_"
"""A custom field is called so, with its id behind it."""

CUSTOM_SHAPES = {
    1: Shape.TEXT,
    2: Shape.TEXT,
    3: Shape.NUMBER,
    4: Shape.DATE,
    5: Shape.ONE,
    6: Shape.MANY,
    7: Shape.MANY,
    8: Shape.ONE,
}
"""How a custom field of each type is written."""

BUILT_IN: dict[Names, dict[int, tuple[str, str]]] = {
    Names.STATUS: {
        1: ("Open", "未対応"),
        2: ("In Progress", "処理中"),
        3: ("Resolved", "処理済み"),
        4: ("Closed", "完了"),
    },
    Names.PRIORITY: {2: ("High", "高"), 3: ("Normal", "中"), 4: ("Low", "低")},
    Names.RESOLUTION: {
        0: ("Fixed", "対応済み"),
        1: ("Won't Fix", "対応しない"),
        2: ("Invalid", "無効"),
        3: ("Duplication", "重複"),
        4: ("Cannot Reproduce", "再現しない"),
    },
}
"""Names Backlog itself gives, in English and Japanese. Which of them an answer has depends on the caller's language,
so a log read by one user and a list read by another may differ."""

CLOSED = 4
"""The id of the status Closed, in every project."""
