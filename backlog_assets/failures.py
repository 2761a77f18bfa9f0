"""How a run says what this product reports on purpose: as Dagster's Failure, in the same words."""

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from backlog_assets.errors import BacklogError, Unavailable

T = TypeVar("T")


def told(act: Callable[[], T]) -> T:
    """Does `act`. A BacklogError becomes the step's failure; only where waiting may help may it be retried."""
    try:
        return act()
    except BacklogError as error:
        failure = dg.Failure(description=str(error), allow_retries=isinstance(error, Unavailable))
    raise failure
