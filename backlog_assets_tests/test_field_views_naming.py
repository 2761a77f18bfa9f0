"""What views and columns of custom fields are called: never twice the same, never what cannot be written."""

import pytest

from backlog_assets.field_views.naming import CustomField, Project, field_columns, safe_name, view_names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", "field_7"),
        ("   ", "field_7"),
        ("?!・（）", "field_7"),
        ("\0\n", "field_7"),
        ('say "so"', "say_so"),
        ("a.b", "a_b"),
        ("it's", "it_s"),
        ("  Severity  ", "Severity"),
        ("2nd check", "_2nd_check"),
        ("発見工程", "発見工程"),
        ("発見 工程（社内）", "発見_工程_社内"),
        ("レビュー者々", "レビュー者々"),
        ("か\u3099そ", "がそ"),
        ("शीर्षक", "शीर्षक"),
        ("⚠ risk ⚠", "risk"),
        ("x" * 200, "x" * 120),
        ("_loaded_at", "loaded_at"),
    ],
)
def test_a_name_is_made_safe_and_stays_readable(name: str, safe: str) -> None:
    assert safe_name(name, 7) == safe


def test_the_name_of_another_column_of_the_issues_gets_the_fields_id_behind_it() -> None:
    found = field_columns([CustomField(5, 1, "Summary"), CustomField(6, 1, "summary")], ["id", "summary"])
    assert [one.name for one in found] == ["Summary_5", "summary_6"]


def test_who_was_first_keeps_the_name_whatever_the_order_in_the_form() -> None:
    first, second = CustomField(5, 1, "Cause", order=9), CustomField(6, 3, "CAUSE", order=1)
    assert [(one.name, one.field_id) for one in field_columns([second, first], [])] == [("CAUSE_6", 6), ("Cause", 5)]
    assert [one.name for one in field_columns([first], [])] == ["Cause"]


def test_names_that_differ_in_case_beyond_a_to_z_are_two_as_duckdb_has_it() -> None:
    assert [one.name for one in field_columns([CustomField(5, 1, "É"), CustomField(6, 1, "é")], [])] == ["É", "é"]


def test_a_suffixed_name_that_is_taken_too_gets_another_suffix() -> None:
    fields = [CustomField(5, 1, "x_12"), CustomField(7, 1, "x"), CustomField(12, 1, "x")]
    assert [one.name for one in field_columns(fields, [])] == ["x_12", "x", "x_12_12"]


def test_the_column_of_typed_values_gives_way_to_a_field_that_is_called_so() -> None:
    fields = [CustomField(3, 8, "cause", takes_input=True), CustomField(9, 1, "cause_other")]
    assert [(one.name, one.value) for one in field_columns(fields, [])] == [
        ("cause", "value_text"),
        ("cause_other_3", "other_value"),
        ("cause_other", "value_text"),
    ]


def test_names_that_are_the_same_once_they_are_cut_are_told_apart() -> None:
    fields = [CustomField(3, 1, "x" * 130), CustomField(4, 1, "x" * 140)]
    assert [one.name for one in field_columns(fields, [])] == ["x" * 120, "x" * 120 + "_4"]


@pytest.mark.parametrize(("type_id", "takes_input"), [(5, True), (6, True), (1, True), (7, False), (8, False)])
def test_only_a_field_that_takes_a_text_beside_its_choices_has_a_column_for_it(type_id: int, takes_input: bool) -> None:
    assert len(field_columns([CustomField(1, type_id, "x", takes_input=takes_input)], [])) == 1


def test_a_field_of_an_unknown_type_is_text() -> None:
    [found] = field_columns([CustomField(1, 99, "x")], [])
    assert (found.type, found.value) == ("VARCHAR", "value_text")


def test_a_live_project_has_the_plain_name_and_an_old_one_of_the_same_key_its_id() -> None:
    projects = [Project(1, "WEB", is_live=False), Project(2, "Web"), Project(3, "web")]
    assert view_names(projects, []) == {2: "issues_web", 3: "issues_web_3", 1: "issues_web_1"}


def test_a_taken_name_is_left_and_without_a_free_one_there_is_no_view() -> None:
    assert view_names([Project(1, "AS_OF")], ["issues_as_of"]) == {1: "issues_as_of_1"}
    assert view_names([Project(1, "AS_OF")], ["ISSUES_AS_OF", "issues_as_of_1"]) == {}


def test_a_key_that_is_no_word_makes_a_name_that_is_one() -> None:
    assert view_names([Project(1, 'a"b.c')], []) == {1: "issues_a_b_c"}
