"""What can go wrong between Backlog and the warehouse, as one tree. Knows nothing else of the product.

    BacklogError
    ├── Refused            waiting cannot help
    │   ├── Misconfigured  a setting is missing or wrong; nothing was asked of Backlog
    │   ├── Unauthorized   the credentials are not accepted (401): no request of this run can work
    │   ├── Denied         this key may not read this one thing (403, 404, not in the plan); others it may
    │   ├── Undefined      Backlog knows no such path (400, code 6)
    │   ├── WrongShape     an answer that is not what the API promises
    │   ├── Misfit         a value that does not fit its column
    │   └── Shrunk         a table would lose more rows at once than it may
    └── Unavailable        waiting may help
        └── WarehouseBusy  another process holds the DuckDB file

A message says what was asked, what came back and what to do; never the URL, never a credential.
"""


class BacklogError(Exception):
    """Whatever this product reports on purpose."""


class Refused(BacklogError):
    """Waiting cannot help: someone has to change a setting, a right or the code.

    `path` is the API's path, `status` the HTTP status and `code` Backlog's error code, each None where there is none.
    """

    def __init__(
        self, message: str, *, path: str | None = None, status: int | None = None, code: int | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.status = status
        self.code = code


class Misconfigured(Refused):
    """A setting is missing or wrong. Nothing was asked of Backlog and nothing was written."""


class Unauthorized(Refused):
    """Backlog does not accept the credentials (401, code 11; or 12, two-factor required)."""


class Denied(Refused):
    """This key may not read this one thing: no right, not joined, not there, or not in the plan (codes 2 to 6)."""


class Undefined(Refused):
    """Backlog knows no such path (400, code 6 "Undefined resource"). Never an empty list."""


class WrongShape(Refused):
    """The answer is JSON, but not what the API promises there. Never an empty list."""


class Misfit(Refused):
    """A value does not fit its column. Nothing was written."""


class Shrunk(Refused):
    """A load would have marked too many of a table's rows deleted. Nothing was written; the old rows are as they were.

    `before` and `lost` count the rows that were there and those that would have gone; `by_project` splits the lost
    ones by the key of their project, where rows belong to one.
    """

    def __init__(self, message: str, *, before: int, lost: int, by_project: dict[str, int]) -> None:
        super().__init__(message)
        self.before = before
        self.lost = lost
        self.by_project = by_project


class Unavailable(BacklogError):
    """Backlog did not answer properly after several tries. Waiting may help; nothing was written."""


class WarehouseBusy(Unavailable):
    """Another process held the DuckDB file for longer than this one may wait. Nothing was written."""
