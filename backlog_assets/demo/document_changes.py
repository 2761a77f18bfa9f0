"""Documents made, changed, discussed and thrown away after the space was built. Knows no HTTP."""

from __future__ import annotations

from backlog_assets.demo.company import Json
from backlog_assets.demo.documents import (
    COMMENT_DELETED,
    COMMENTED,
    CREATED,
    DELETED,
    NEW_DOCUMENT,
    REPLIED,
    RETITLED,
    UPDATED,
    Document,
    Edit,
    Remark,
    document_id,
)
from backlog_assets.demo.project_changes import ChangeableProjects, Moment


class ChangeableDocuments(ChangeableProjects):
    """The part of `DemoSpace` that changes documents, with the activities that Backlog would add.

    Whether a comment moves the document's `updated` is not known; here it does not.
    """

    def create_document(
        self,
        project_key: str,
        title: str,
        plain: str = "",
        author: int | None = None,
        at: Moment = None,
        parent_id: str | None = None,
        emoji: str | None = None,
    ) -> Json:
        """As the last of its siblings."""
        with self.changing():
            project_id, moment = self.project_id(project_key), self.moment(at)
            edit = Edit(moment, author or self.owner, title, plain)
            document = Document(self._new_id(), project_id, [edit], parent_id=parent_id, emoji=emoji)
            self.documents.added[document.id] = project_id
            self.documents.documents(project_id)[document.id] = document
            self._tell_of_document(document, CREATED, edit.author, moment)
            return self.documents.row(document, self.users)

    def update_document(
        self,
        id_: str,
        title: str | None = None,
        plain: str | None = None,
        author: int | None = None,
        at: Moment = None,
    ) -> Json:
        """A new title and a new text are told of apart, as Backlog does."""
        with self.changing():
            document, moment, author = self._document(id_), self.moment(at), author or self.owner
            last = document.edits[-1]
            new = Edit(moment, author, last.title if title is None else title, last.plain if plain is None else plain)
            document.edits.append(new)
            if title is not None:
                self._tell_of_document(document, RETITLED, author, moment)
            if plain is not None:
                self._tell_of_document(document, UPDATED, author, moment)
            return self.documents.row(document, self.users)

    def move_document(self, id_: str, parent_id: str | None) -> None:
        """Under another document, or to the top (None), as the last there. Moves no `updated`; nothing tells of it."""
        with self.changing():
            document = self._document(id_)
            rows = self.documents.documents(document.project_id)
            rows[id_] = rows.pop(id_)
            document.parent_id = parent_id

    def trash_document(self, id_: str, author: int | None = None, at: Moment = None) -> None:
        """With all that lies under it; recent updates call it deleted. It leaves the list for the tree's trash."""
        with self.changing():
            moment = self.moment(at)
            for document in self._with_those_under(self._document(id_)):
                document.trashed = True
            self._tell_of_document(self._document(id_), DELETED, author or self.owner, moment)

    def delete_document(self, id_: str) -> None:
        """For ever, with all that lies under it, out of the trash or not; nothing tells of it."""
        with self.changing():
            document = self._document(id_)
            for one in self._with_those_under(document):
                del self.documents.documents(document.project_id)[one.id]

    def comment_on_document(self, id_: str, text: str, author: int | None = None, at: Moment = None) -> str:
        """Returns the comment's id."""
        with self.changing():
            document, remark = self._document(id_), self._remark(text, author, at)
            document.comments.append(remark)
            self._tell_of_document(document, COMMENTED, remark.author, remark.at, remark)
            return remark.id

    def reply_to_comment(
        self, id_: str, comment_id: str, text: str, author: int | None = None, at: Moment = None
    ) -> str:
        """Returns the reply's id."""
        with self.changing():
            document, remark = self._document(id_), self._remark(text, author, at)
            self._comment_of(document, comment_id).replies.append(remark)
            self._tell_of_document(document, REPLIED, remark.author, remark.at, remark)
            return remark.id

    def delete_document_comment(self, id_: str, comment_id: str, at: Moment = None) -> None:
        """With its replies."""
        with self.changing():
            document = self._document(id_)
            remark = self._comment_of(document, comment_id)
            document.comments.remove(remark)
            self._tell_of_document(document, COMMENT_DELETED, self.owner, self.moment(at), remark)

    def _remark(self, text: str, author: int | None, at: Moment) -> Remark:
        moment = self.moment(at)
        return Remark(self._new_id(), author or self.owner, moment, moment, text, [])

    def _new_id(self) -> str:
        return document_id(NEW_DOCUMENT + self.next_position())

    def _document(self, id_: str) -> Document:
        document = self.documents.document(id_)
        if document is None:
            raise KeyError(f"there is no document {id_}")
        return document

    def _comment_of(self, document: Document, comment_id: str) -> Remark:
        for remark in document.comments:
            if remark.id == comment_id:
                return remark
        raise KeyError(f"document {document.id} has no comment {comment_id}")

    def _with_those_under(self, document: Document) -> list[Document]:
        found = [document]
        rows = list(self.documents.documents(document.project_id).values())
        for one in found:
            found += [other for other in rows if other.parent_id == one.id]
        return found

    def _tell_of_document(
        self, document: Document, type_: int, author: int, at: int, remark: Remark | None = None
    ) -> None:
        content: Json = {"id": document.id, "title": document.title}
        if remark is not None:
            content["comment"] = {"id": remark.id, "plain": remark.text}
        self.add_activity(type_, document.project_id, content, author, at)
