"""Documents: those that the chronicle tells of, and older ones; their tree and comments. No rights and no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from backlog_assets.demo import page_words, words
from backlog_assets.demo.chronicle import Chronicle
from backlog_assets.demo.company import Company, Json, ProjectPlan
from backlog_assets.demo.files import File, file_row
from backlog_assets.demo.register import mix
from backlog_assets.demo.tags import Tags
from backlog_assets.demo.times import DAY, START, WORK_DAY, stamp

CREATED, DELETED, RETITLED, UPDATED = 36, 37, 38, 39
COMMENTED, COMMENT_DELETED, REPLIED = 40, 42, 43
"""Activity types."""

OLD_PLACE = 50
"""Document n that recent updates tell of is `project id * 100 + n`; the older ones go on from this place."""

OLD_PROJECTS = 6
"""Only the first so many projects have older documents, so that a space of many projects stays quick."""

ATTACHMENT_BASE = 800_000_000

NEW_DOCUMENT = 0x0199_0000_0000_7000_8000_0000_0000_0000
"""Ids of what is made through `DemoSpace` begin here, looking like those of today's Backlog."""

HOUR = 3_600


class Edit(NamedTuple):
    """The document as it was saved at some moment (epoch seconds)."""

    at: int
    author: int
    title: str
    plain: str


@dataclass
class Remark:
    """A comment, or a reply to one: then it has no `replies` of its own."""

    id: str
    author: int
    at: int
    updated: int
    text: str
    replies: list[Remark]


@dataclass
class Document:
    id: str
    project_id: int
    edits: list[Edit]
    """Oldest first; never empty."""
    parent_id: str | None = None
    trashed: bool = False
    emoji: str | None = None
    tags: list[str] = field(default_factory=list[str])
    attachments: list[File] = field(default_factory=list[File])
    comments: list[Remark] = field(default_factory=list[Remark])

    @property
    def title(self) -> str:
        return self.edits[-1].title


def document_id(number: int) -> str:
    """As recent updates write it: 32 hexadecimal digits."""
    return f"{number:032x}"


class Documents:
    """All documents before `until`, told project by project as they are asked for."""

    def __init__(self, company: Company, chronicle: Chronicle, seed: int, until: int) -> None:
        self.plans = {int(plan.project["id"]): plan for plan in company.projects}
        self.chronicle = chronicle
        self.seed = seed
        self.until = until
        self.added: dict[str, int] = {}
        """The project of every document made later, by its id."""
        self._documents: dict[int, dict[str, Document]] = {}
        self._tags = Tags()

    def documents(self, project_id: int) -> dict[str, Document]:
        """Every document of a project by id, the trashed ones too; among siblings in the order of the tree."""
        if project_id not in self._documents:
            plan = self.plans.get(project_id)
            told = self._old(plan) + self._told(plan) if plan and plan.project["useDocument"] else []
            self._documents[project_id] = {document.id: document for document in told}
        return self._documents[project_id]

    def document(self, id_: str) -> Document | None:
        project_id = self.added.get(id_)
        if project_id is None:
            project_id = int(id_, 16) // 100 if id_.isalnum() and _is_hex(id_) else 0
        return self.documents(project_id).get(id_)

    def tree(self, project_id: int) -> Json:
        """The two trees of a project; a document whose parent lies in the other one is at the top of its own."""
        rows = list(self.documents(project_id).values())
        return {
            "projectId": project_id,
            "activeTree": {"id": "Active", "children": _branch([one for one in rows if not one.trashed])},
            "trashTree": {"id": "Trash", "children": _branch([one for one in rows if one.trashed])},
        }

    def row(self, document: Document, users: dict[int, Json]) -> Json:
        """The document as the list shows it, and by itself too."""
        first, last = document.edits[0], document.edits[-1]
        return {
            "id": document.id,
            "projectId": document.project_id,
            "title": last.title,
            "plain": last.plain,
            "json": rich(last.plain),
            "statusId": 1,
            "emoji": document.emoji,
            "attachments": [file_row(file, users) for file in document.attachments],
            "tags": self._tags.rows(document.project_id, document.tags),
            "createdUser": users[first.author],
            "created": stamp(first.at),
            "updatedUser": users[last.author],
            "updated": stamp(last.at),
        }

    def drop(self, project_id: int) -> None:
        """Forgets a deleted project's documents."""
        self._documents[project_id] = {}

    def _told(self, plan: ProjectPlan) -> list[Document]:
        found: list[Document] = []
        for place, title in enumerate(words.DOCUMENTS):
            number = int(plan.project["id"]) * 100 + place
            edits = self._told_edits(plan, place)
            if not any(told.type == CREATED for told in self.chronicle.week(plan.index, place)):
                edits.insert(0, self._edit(plan, number, title, page_words.BODIES[place]))
            if not edits:
                continue
            document = Document(document_id(number), int(plan.project["id"]), edits, emoji="📄" if place % 2 else None)
            if place == len(words.DOCUMENTS) - 1 and plan.index < OLD_PROJECTS:
                parent = int(plan.project["id"]) * 100 + OLD_PLACE + page_words.PARENT_OF_REVIEWS
                document.parent_id = document_id(parent)
            document.tags = [page_words.TAGS[place]] if place else []
            self._talk(plan, document, [edit.at for edit in edits])
            found.append(document)
        return found

    def _told_edits(self, plan: ProjectPlan, place: int) -> list[Edit]:
        """Documents take turns: each is told of in every fourth week at most."""
        weeks = range(place, (self.until - START) // (7 * DAY) + 1, len(words.DOCUMENTS))
        return [
            Edit(
                told.at,
                told.author,
                str(told.content["title"]),
                page_words.BODIES[mix(self.seed + 29, plan.index * 1_000 + week) % len(page_words.BODIES)],
            )
            for week in weeks
            for told in self.chronicle.week(plan.index, week)
            if told.type in (CREATED, RETITLED, UPDATED) and told.at < self.until
        ]

    def _old(self, plan: ProjectPlan) -> list[Document]:
        if plan.index >= OLD_PROJECTS:
            return []
        return [self._old_document(plan, place) for place in range(len(page_words.OLD_DOCUMENTS))]

    def _old_document(self, plan: ProjectPlan, place: int) -> Document:
        old, project_id = page_words.OLD_DOCUMENTS[place], int(plan.project["id"])
        number = project_id * 100 + OLD_PLACE + place
        edit = self._edit(plan, number, old.title, old.plain)
        document = Document(document_id(number), project_id, [edit], trashed=old.trashed, emoji=old.emoji)
        if old.parent is not None:
            document.parent_id = document_id(project_id * 100 + OLD_PLACE + old.parent)
        document.tags = [page_words.TAGS[at] for at in old.tags]
        for at in range(old.attachments):
            name = page_words.FILES[(place + at) % len(page_words.FILES)]
            size = 1 + mix(self.seed + 31, number * 10 + at) % 40_000
            document.attachments.append(File(ATTACHMENT_BASE + number * 10 + at, name, size, edit.author, edit.at))
        self._talk(plan, document, [edit.at + at * DAY for at in range(old.comments)])
        return document

    def _edit(self, plan: ProjectPlan, number: int, title: str, plain: str) -> Edit:
        """From before the first day."""
        at = START - 45 * DAY + mix(self.seed + 37, number) % WORK_DAY
        return Edit(at, plan.members[mix(self.seed + 41, number) % len(plan.members)], title, plain)

    def _talk(self, plan: ProjectPlan, document: Document, moments: list[int]) -> None:
        """Comments one to three hours after each of the moments, some with replies an hour apart."""
        base = int(document.id, 16) * 10_000
        for place, moment in enumerate(moments):
            remark = self._remark(plan, base + place * 10, moment + HOUR)
            replies = mix(self.seed + 43, base + place) % 3
            remark.replies = [
                self._remark(plan, base + place * 10 + nth, remark.at + nth * HOUR) for nth in range(1, replies + 1)
            ]
            remark.replies = [reply for reply in remark.replies if reply.at < self.until]
            if remark.at < self.until:
                document.comments.append(remark)

    def _remark(self, plan: ProjectPlan, number: int, at: int) -> Remark:
        drawn = mix(self.seed + 47, number)
        at += drawn % HOUR
        author = plan.members[drawn // HOUR % len(plan.members)]
        edited = at + 600 if drawn % 5 == 0 and at + 600 < self.until else at
        return Remark(document_id(number), author, at, edited, page_words.REMARKS[drawn % len(page_words.REMARKS)], [])


def rich(plain: str) -> str:
    """The text as the editor keeps it: ProseMirror's JSON, in a string."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]} if line else {"type": "paragraph"}
        for line in plain.split("\n")
    ]
    return orjson.dumps({"type": "doc", "content": paragraphs if plain else []}).decode()


def comment_row(document: Document, remark: Remark, users: dict[int, Json]) -> Json:
    """A comment with its replies."""
    reply_rows: list[Json] = []
    for reply in remark.replies:
        row = _remark_row(document, reply, users)
        reply_rows.append({**row, "commentId": remark.id})
    return {
        **_remark_row(document, remark, users),
        "statusId": 0,
        "commentType": "comment",
        "replies": reply_rows,
    }


def _remark_row(document: Document, remark: Remark, users: dict[int, Json]) -> Json:
    user = users[remark.author]
    account: Json = user["nulabAccount"] or {}
    return {
        "id": remark.id,
        "documentId": document.id,
        "content": rich(remark.text),
        "plain": remark.text,
        "createdUserId": remark.author,
        "created": stamp(remark.at),
        "updatedUserId": remark.author,
        "updated": stamp(remark.updated),
        "createdUser": {
            "id": user["id"],
            "userId": user["userId"],
            "uniqueId": account.get("uniqueId"),
            "name": user["name"],
            "mailAddress": user["mailAddress"],
            "roleType": user["roleType"],
            "lang": user["lang"],
            "icon": f"icons/person_{user['id']}.gif",
        },
    }


def _branch(rows: list[Document]) -> list[Json]:
    """The nodes of one tree. Nodes differ in what they say, as Backlog's do: not each has an emoji."""
    nodes: dict[str, Json] = {
        one.id: {
            "id": one.id,
            "name": one.title,
            "children": [],
            "statusId": 1,
            **({} if one.emoji is None else {"emoji": one.emoji, "emojiType": "unicode"}),
            "updated": stamp(one.edits[-1].at),
        }
        for one in rows
    }
    top: list[Json] = []
    for one in rows:
        parent = nodes.get(one.parent_id or "")
        (top if parent is None else parent["children"]).append(nodes[one.id])
    return top


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)
