"""What records may look like, and what is said of those that do not."""

from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.errors import Misfit
from backlog_assets.shape import shape_of

ISSUE: dict[str, Any] = {
    "id": 1,
    "projectId": 10,
    "issueKey": "WEB-1",
    "keyId": 1,
    "issueType": {"id": 5, "projectId": 10, "name": "Bug", "color": "#990000", "displayOrder": 0},
    "summary": "A summary",
    "resolution": None,
    "estimatedHours": 1.25,
    "createdUser": {"id": 7, "name": "Aoi", "mailAddress": "aoi@example.com"},
    "category": [{"id": 3, "projectId": 10, "name": "Front", "displayOrder": 1}],
    "attachments": [{"id": 4, "name": "a.png", "size": 12}],
}


def issue(**changes: Any) -> dict[str, Any]:
    return {**ISSUE, **changes}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "one"}, "issues.id holds BIGINT, but Backlog sent 'one' (issueKey WEB-1)"),
        ({"keyId": 1.6}, "issues.key_id holds BIGINT, but Backlog sent '1.6'"),
        ({"keyId": True}, "issues.key_id holds BIGINT, but Backlog sent 'True'"),
        ({"summary": ["a"]}, "issues.summary holds VARCHAR"),
        ({"estimatedHours": 1.005}, "issues.estimated_hours holds DECIMAL(9,2), but Backlog sent '1.005'"),
        ({"created": 20260101}, "issues.created holds TIMESTAMPTZ"),
        ({"status": "Open"}, "issues.status holds object, but Backlog sent 'Open'"),
        ({"status": {"id": "Open"}}, "issues.id holds BIGINT, but Backlog sent 'Open'"),
        ({"category": {"id": 3}}, "issues.category holds array"),
        ({"category": [3]}, "issues.category holds array of objects"),
        ({"attachments": [{"id": 4, "size": "12 kB"}]}, "issue_attachments.size holds BIGINT"),
    ],
)
def test_a_value_that_does_not_fit_names_column_and_value(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(Misfit, match="Nothing was written") as caught:
        shape_of(BY_NAME["issues"]).extra(issue(**changes))
    assert told in str(caught.value)


def test_a_record_of_known_fields_has_nothing_extra() -> None:
    assert shape_of(BY_NAME["issues"]).extra(issue()) is None


def test_null_fits_every_column_and_a_missing_field_too() -> None:
    empty = dict.fromkeys(ISSUE) | {"id": 1}
    assert shape_of(BY_NAME["issues"]).extra(empty) is None
    assert shape_of(BY_NAME["issues"]).extra({"id": 1}) is None


def test_an_unknown_field_is_extra() -> None:
    found = shape_of(BY_NAME["issues"]).extra(issue(mood="sunny", weight={"kg": 3}))
    assert found == {"mood": "sunny", "weight": {"kg": 3}}


def test_an_unknown_field_inside_an_object_is_extra_under_the_objects_name() -> None:
    user = {"id": 1, "name": "Aoi", "nulabAccount": {"nulabId": "x", "name": "Aoi", "uniqueId": "aoi", "badge": 7}}
    assert shape_of(BY_NAME["users"]).extra(user) == {"nulabAccount": {"badge": 7}}


def test_a_copy_of_another_tables_record_is_not_looked_into() -> None:
    found = shape_of(BY_NAME["issues"]).extra(issue(createdUser={"id": 7, "name": "Aoi", "shoeSize": 26}))
    assert found is None


def test_an_unknown_field_in_a_childs_item_goes_with_the_item() -> None:
    record = issue(attachments=[{"id": 4, "name": "a.png", "size": 12, "virusFree": True}])
    assert shape_of(BY_NAME["issues"]).extra(record) is None
    assert record["attachments"][0]["_extra"] == {"virusFree": True}


def test_items_that_repeat_another_table_have_nothing_extra() -> None:
    record = issue(category=[{"id": 3, "name": "Front", "newField": 1}])
    assert shape_of(BY_NAME["issues"]).extra(record) is None
    assert "_extra" not in record["category"][0]


def test_a_per_project_record_may_carry_the_project_it_was_asked_of() -> None:
    user = {"id": 1, "name": "Aoi", "projectId": 10, "projectKey": "WEB"}
    assert shape_of(BY_NAME["project_users"]).extra(user) is None
