"""What a client has asked, by class of requests: an answer 429 and a wait are booked to the class they are of."""

from backlog_assets.quota import Share, Usage


def test_a_429_is_of_the_class_asked_before_it() -> None:
    usage = Usage().plus(request_of="read").plus(request_of="search").plus(too_many=1)
    assert {name: share.too_many for name, share in usage.by_class.items()} == {"read": 0, "search": 1}
    assert usage.too_many == 1


def test_a_wait_is_of_the_class_asked_after_it() -> None:
    usage = Usage().plus(request_of="read").plus(waited_seconds=3.0).plus(waited_seconds=4.0).plus(request_of="search")
    assert {name: share.waited_seconds for name, share in usage.by_class.items()} == {"read": 0.0, "search": 7.0}
    assert usage.plus(request_of="search").by_class["search"] == Share(requests=2, waited_seconds=7.0)


def test_a_wait_after_which_nothing_was_asked_is_in_no_class() -> None:
    usage = Usage().plus(request_of="read").plus(waited_seconds=5.0)
    assert usage.by_class == {"read": Share(requests=1)}
    assert usage.waited_seconds == 5.0


def test_the_classes_of_a_difference_are_those_that_were_asked_since() -> None:
    earlier = Usage().plus(request_of="read", received_bytes=10).plus(too_many=1).plus(waited_seconds=2.0)
    later = earlier.plus(request_of="read", received_bytes=5).plus(request_of="search", received_bytes=7)
    since = later.since(earlier)
    assert since.by_class == {
        "read": Share(requests=1, waited_seconds=2.0, received_bytes=5),
        "search": Share(requests=1, received_bytes=7),
    }
    assert since.requests_by_class == {"read": 1, "search": 1}
    assert later.since(later).by_class == {}


def test_what_is_counted_before_anything_was_asked_is_in_no_class() -> None:
    usage = Usage().plus(retries=1, too_many=1, mended=1)
    assert usage.by_class == {}
    assert (usage.retries, usage.too_many, usage.mended) == (1, 1, 1)
