"""What is people's data in an answer, what becomes of it, and what is left as it is."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME, ENDPOINTS
from backlog_assets.errors import Misconfigured
from backlog_assets.people import (
    DROPPED,
    KEEP,
    People,
    called,
    is_made_in_place,
    mark_of,
    people_from,
    personal_columns,
)
from backlog_assets.resources import BacklogResource

KEY = "a key of 32 characters, or more.."


def pii(text: str, key: str = KEY) -> str:
    return "pii_" + hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


ANNA: Mapping[str, Any] = {
    "id": 7,
    "userId": "anna",
    "name": "田中 Anna",
    "roleType": 2,
    "lang": "ja",
    "nulabAccount": {"nulabId": 99, "name": "Anna T", "uniqueId": "annat", "iconUrl": "https://x/annat"},
    "mailAddress": "anna@example.com",
    "lastLoginTime": "2026-01-01T00:00:00Z",
    "keyword": "田中 anna@example.com",
}
HASHED = {
    "id": 7,
    "userId": pii("anna"),
    "name": pii("田中 Anna"),
    "roleType": 2,
    "lang": "ja",
    "nulabAccount": {
        "nulabId": pii("99"),
        "name": pii("Anna T"),
        "uniqueId": pii("annat"),
        "iconUrl": pii("https://x/annat"),
    },
    "mailAddress": pii("anna@example.com"),
    "lastLoginTime": "2026-01-01T00:00:00Z",
    "keyword": pii("田中 anna@example.com"),
}


def copied(user: Mapping[str, Any]) -> dict[str, Any]:
    account = user.get("nulabAccount")
    return {**user, "nulabAccount": dict(account)} if account else dict(user)


def hashed(answer: Any, path: str = "/issues") -> Any:
    return People("hash", KEY).protect(path, answer)


def dropped(answer: Any, path: str = "/issues") -> Any:
    return People("drop").protect(path, answer)


@pytest.mark.parametrize("mode", ["Hash it", "on", "hash,drop"])
def test_a_mode_there_is_not_is_told(mode: str) -> None:
    with pytest.raises(Misconfigured, match="write keep, hash or drop"):
        people_from(mode, KEY)


@pytest.mark.parametrize(("key", "told"), [("", "is not set"), ("  ", "is not set"), ("short", "has 5 characters")])
def test_a_hash_without_a_key_or_with_a_short_one_is_told_and_the_key_is_not(key: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=f"BACKLOG_PII_KEY.*{told}|{told}.*openssl") as error:
        people_from("hash", key)
    assert "openssl rand" in str(error.value)
    assert "short" not in str(error.value)


def test_the_settings_are_looked_at_before_anything_is_asked() -> None:
    with pytest.raises(Misconfigured, match="BACKLOG_PII_KEY is not set"):
        BacklogResource.from_environment({"BACKLOG_PII": "hash"})


def test_without_a_setting_nothing_is_done() -> None:
    assert people_from("", "") is None
    assert people_from(" Keep ", KEY) is None
    assert mark_of(None) == KEEP
    assert BacklogResource.from_environment({}).people is None


def test_the_key_is_in_no_text_of_the_resource() -> None:
    backlog = BacklogResource.from_environment({"BACKLOG_PII": "hash", "BACKLOG_PII_KEY": KEY})
    assert KEY not in repr(backlog)
    assert KEY not in repr(People("hash", KEY)) + People("hash", KEY).mark


def test_every_text_of_a_person_is_hashed_but_those_that_do_not_tell_who_it_is() -> None:
    assert hashed(copied(ANNA)) == HASHED
    assert hashed([{"createdUser": copied(ANNA)}]) == [{"createdUser": HASHED}]


def test_every_text_of_a_person_is_dropped_and_numbers_that_are_needed_stay() -> None:
    found = dropped(copied(ANNA))
    assert found == {
        **dict.fromkeys(ANNA),
        "id": 7,
        "roleType": 2,
        "lang": "ja",
        "lastLoginTime": "2026-01-01T00:00:00Z",
        "nulabAccount": dict.fromkeys(ANNA["nulabAccount"]),
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"createdUser": {"id": 1, "name": "Bob"}},
        {"updatedUser": {"name": "Bob"}},
        {"assignee": {"name": "Bob"}},
        {"sender": {"name": "Bob"}},
        {"content": {"users": [{"id": 1, "name": "Bob"}]}},
        {"members": [{"id": 1, "name": "Bob"}]},
        {"stars": [{"presenter": {"name": "Bob"}}]},
        {"notifications": [{"user": {"name": "Bob", "someday": {"nick": "Bob"}}}]},
        {"anything": {"mailAddress": "Bob"}},
        {"deep": [[{"uniqueId": "Bob"}]]},
        {"new": {"userId": "x", "alias": ["Bob"]}},
    ],
)
def test_a_person_is_found_wherever_it_stands(answer: Any) -> None:
    assert "Bob" not in repr(hashed(answer))


@pytest.mark.parametrize("path", ["/users", "/users/7", "/projects/WEB/users", "/issues/1/participants"])
def test_a_person_is_found_by_the_address_it_was_asked_of(path: str) -> None:
    assert hashed([{"id": 7, "name": "Bob"}], path) == [{"id": 7, "name": pii("Bob")}]
    assert dropped({"id": 7, "name": "Bob"}, path) == {"id": 7, "name": None}


@pytest.mark.parametrize("path", ["/users/7/activities", "/projects/WEB/versions", "/teams"])
def test_what_is_no_person_keeps_its_name(path: str) -> None:
    answer = [
        {"name": "1.0", "project": {"id": 1, "name": "Web", "projectKey": "WEB"}, "title": "x", "nulabAccount": True},
        {"parties": [{"id": 1, "name": "Team"}], "category": [{"name": "UI"}], "startedOn": "2026-01-01T00:00:00Z"},
        {"summary": "Ask Bob", "content": "Bob says", "createdUserId": 5},
    ]
    assert hashed([dict(one) for one in answer], path) == answer


@pytest.mark.parametrize("empty", ["", None])
def test_nothing_stays_nothing(empty: str | None) -> None:
    assert hashed({"userId": empty, "name": empty}) == {"userId": empty, "name": empty}


def test_the_same_text_is_hashed_the_same_everywhere_and_otherwise_with_another_key() -> None:
    log = {"changeLog": [{"field": "assigner", "newValue": "Bob", "originalValue": None}]}
    told = {"changes": [{"field": "assigner", "new_value": "Bob", "old_value": ""}]}
    assert hashed(log)["changeLog"][0] == {"field": "assigner", "newValue": pii("Bob"), "originalValue": None}
    assert hashed(told)["changes"][0] == {"field": "assigner", "new_value": pii("Bob"), "old_value": ""}
    assert hashed({"user": {"name": "Bob"}})["user"]["name"] == pii("Bob")
    assert People("hash", KEY + "!").hidden("Bob") == pii("Bob", KEY + "!") != pii("Bob")


def test_in_a_change_log_somebody_dropped_is_not_nobody() -> None:
    log = [{"field": "assigner", "newValue": "Bob", "originalValue": None}, {"field": "status", "newValue": "完了"}]
    assert dropped(log) == [{"field": "assigner", "newValue": DROPPED, "originalValue": None}, log[1]]


def test_a_custom_field_that_is_called_like_the_assignee_is_none() -> None:
    log = [{"field": "assigner", "newValue": "red", "attributeInfo": {"id": 1, "typeId": 1}}]
    assert hashed(log)[0]["newValue"] == "red"


def test_marks_tell_treatments_and_keys_apart() -> None:
    one, other = People("hash", KEY), People("hash", KEY + "!")
    assert len({one.mark, other.mark, People("drop").mark, KEEP}) == 4
    assert one.mark == People("hash", KEY).mark


def test_what_can_be_hidden_is_made_in_place_and_what_is_hidden_does_not_come_back() -> None:
    one, other = People("hash", KEY).mark, People("hash", KEY + "!").mark
    assert [is_made_in_place(*pair) for pair in ((KEEP, one), (KEEP, "drop"), (one, "drop"), (one, one))] == [True] * 4
    assert [is_made_in_place(*pair) for pair in ((one, KEEP), (one, other), ("drop", one), ("drop", KEEP))] == [
        False
    ] * 4


def test_a_user_without_a_name_is_called_by_the_id() -> None:
    assert called({"id": 7, "name": None}) == "user 7"
    assert called({"id": 7, "name": "Bob"}) == "Bob"


def test_the_columns_with_peoples_data_are_found_by_the_same_rule() -> None:
    def of(table: str, child: str | None = None) -> set[str]:
        endpoint = BY_NAME[table]
        inside = next((one for one in endpoint.children if one.name == child), None)
        return set(personal_columns(endpoint, inside.columns if inside else endpoint.columns, inside))

    assert of("issues") == {"assignee_name", "created_user_name", "updated_user_name"}
    assert {"name", "mail_address", "user_id", "keyword", "nulab_account_unique_id"} < of("users")
    assert of("users") == of("project_users")
    assert of("issues", "issue_stars") == {"presenter_name"}
    assert "name" in of("teams", "team_members")
    assert of("notifications") == {"sender_name"}
    assert of("project_versions") == of("licence") == set()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_name_beside_a_users_id_is_peoples_data(endpoint: Any) -> None:
    for child, columns in ((None, endpoint.columns), *((child, child.columns) for child in endpoint.children)):
        beside = {
            column.name.removesuffix("id") + "name"
            for column in columns
            if column.refers == "users.id" or (column.name == "id" and "users.id" in column.doc)
        } & {column.name for column in columns}
        assert beside <= personal_columns(endpoint, columns, child)
