"""What becomes of people's data in Backlog's answers: kept, hashed, or dropped. Pure; knows no HTTP and no DuckDB.

It is done once, on what the client has read, so that journal, spool, raw loads, tables and whatever is told of them
never see it. A person is known by the field it stands in (`createdUser`), by what it has (`mailAddress`), or by the
address it was asked of (`/users`); then every text in it is a person's but those that are named as not. Texts that
people write (summaries, descriptions, comments) are left as they are, whoever they name.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from backlog_assets.catalogue.spec import Child, Column, Endpoint
from backlog_assets.errors import Misconfigured

KEEP, HASH, DROP = "keep", "hash", "drop"

PERSONS = frozenset(
    {
        *("createdUser", "updatedUser", "assignee", "sender", "presenter", "user", "users", "members"),
        *("nulabAccount", "participants", "administrators", "author", "owner"),
    }
)
"""Fields that hold a person, or a list of them."""

SIGNS = frozenset({"mailAddress", "userId", "roleType", "lastLoginTime"})
"""Fields that only persons have. Not `nulabAccount`: a licence says by it that there are Nulab accounts."""

ALWAYS = frozenset({"mailAddress", "nulabId", "uniqueId"})
"""Fields that are a person's wherever they stand, whether text or number."""

NOT_PERSONAL = frozenset({"id", "lang", "lastLoginTime", "type", "created", "updated", "color", "projectKey"})
"""Texts in a person that do not tell who it is, and the key of the project that a person was asked of."""

NAMES_CHANGED = frozenset({"assigner", "assignee", "notification"})
"""Fields of an issue or pull request whose values in a change log are names of people."""

CHANGED_VALUES = ("newValue", "originalValue", "new_value", "old_value")

PEOPLE_AT = re.compile(r"/(users|participants|administrators)(/([0-9]+|myself|\{\w+\}))?/?$")
"""Addresses that answer with persons."""

PREFIX = "pii_"
DIGITS = 16
"""Hex digits of a hash: among a million people the odds of two having the same are 1 to 37 million."""

DROPPED = f"{PREFIX}dropped"
"""Stands in a change log for somebody whose name was dropped: there, null would say that it was nobody."""

KEY_CHARACTERS = 16
REMEMBERED = 100_000
"""Names whose hash is remembered; a space has far fewer."""

ABOUT_KEY = (
    "names and addresses are hashed with it, so that nobody can try out names who does not have it. Make one with "
    "`openssl rand -hex 32`, and keep it: other keys make other hashes."
)


class People:
    """Hides people's data in what Backlog answers.

    `mark` tells one treatment from another without holding the key: what two marks have made cannot be joined.
    """

    def __init__(self, mode: Literal["hash", "drop"], key: str = "") -> None:
        self.mode = mode
        self._key = key.encode()
        self.mark = DROP if mode == DROP else f"{HASH} {self._digest('which key it is')}"
        self.hidden: Callable[[str], str | None] = lru_cache(REMEMBERED)(self._hidden)

    def __repr__(self) -> str:
        return f"People({self.mark!r})"

    def protect(self, path: str, answer: Any) -> Any:
        """The answer to a GET of `path`, without people's data. It is changed where it is."""
        self._list([answer], PEOPLE_AT.search(path) is not None)
        return answer

    def _object(self, found: dict[str, Any], is_person: bool) -> None:
        # Every object of every answer comes by here: what does not count is sorted out by its type first.
        is_person = is_person or not SIGNS.isdisjoint(found)
        for field, value in found.items():
            kind = value.__class__
            if kind is str:
                if (is_person and field not in NOT_PERSONAL) or field in ALWAYS:
                    found[field] = self.hidden(value)
            elif kind is dict:
                self._object(value, is_person or field in PERSONS)
            elif kind is list:
                if value:
                    self._list(value, is_person or field in PERSONS)
            elif kind is int and field in ALWAYS:
                found[field] = self.hidden(str(value))
        if "field" in found:
            self._change(found)

    def _list(self, found: list[Any], is_person: bool) -> None:
        for at, value in enumerate(found):
            kind = value.__class__
            if kind is dict:
                self._object(value, is_person)
            elif kind is list:
                self._list(value, is_person)
            elif kind is str and is_person:
                found[at] = self.hidden(value)

    def _change(self, item: dict[str, Any]) -> None:
        """An entry of a change log. A custom field may be called `assigner` too; its values are no names."""
        if item["field"] not in NAMES_CHANGED or item.get("attributeInfo") is not None:
            return
        for field in CHANGED_VALUES:
            value = item.get(field)
            if isinstance(value, str) and value and value != DROPPED:
                item[field] = self.hidden(value) or DROPPED

    def _hidden(self, text: str) -> str | None:
        """The same for the same text, wherever it stands; nothing stays nothing."""
        if not text:
            return text
        return None if self.mode == DROP else PREFIX + self._digest(text)

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:DIGITS]


def people_from(mode: str, key: str) -> People | None:
    """What the settings BACKLOG_PII and BACKLOG_PII_KEY say; None where people's data are kept.

    Raises Misconfigured for a mode there is not, and for hashes without a key or with one that can be guessed.
    """
    told, key = mode.strip().lower() or KEEP, key.strip()
    if told not in (KEEP, HASH, DROP):
        raise Misconfigured(f"BACKLOG_PII is {mode[:20]!r}; write keep, hash or drop.")
    if told == KEEP:
        return None
    if told == DROP:
        return People(DROP)
    if not key:
        raise Misconfigured(f"BACKLOG_PII is hash, but BACKLOG_PII_KEY is not set: {ABOUT_KEY}")
    if len(key) < KEY_CHARACTERS:
        raise Misconfigured(f"BACKLOG_PII_KEY has {len(key)} characters; {KEY_CHARACTERS} are the least: {ABOUT_KEY}")
    return People(HASH, key)


def mark_of(people: People | None) -> str:
    """As `People.mark`; `keep` where nothing is hidden."""
    return KEEP if people is None else people.mark


def is_made_in_place(before: str, after: str) -> bool:
    """Whether what the mark `before` has made can be turned into what `after` would, without asking Backlog again."""
    return before in (after, KEEP) or after == DROP


def told(mark: str) -> str:
    """A mark as people read it."""
    return mark.split(" ")[0]


def called(user: Mapping[str, Any]) -> str:
    """A user as messages name it: without a name, where that is hidden, by its id."""
    return str(user.get("name") or f"user {user.get('id')}")


def personal_columns(endpoint: Endpoint, columns: Sequence[Column], child: Child | None = None) -> frozenset[str]:
    """Names of the text columns that hold people's data, of the endpoint's table or of the `child`'s.

    Found by hiding it in a record of them, so that there is one rule only.
    """
    asked = [column for column in columns if column.type == "VARCHAR" and column.sql is None]
    record: dict[str, Any] = {}
    for column in asked:
        place, leaf = _place(record, column.field)
        place[leaf] = column.field
    tried = {child.field: [record]} if child is not None else record
    People(HASH, "tried").protect(endpoint.path, tried)
    return frozenset(column.name for column in asked if _read(record, column.field) != column.field)


def _place(record: dict[str, Any], field: str) -> tuple[dict[str, Any], str]:
    *roots, leaf = field.split(".")
    for root in roots:
        record = record.setdefault(root, {})
    return record, leaf


def _read(record: dict[str, Any], field: str) -> Any:
    place, leaf = _place(record, field)
    return place[leaf]
