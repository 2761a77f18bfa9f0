"""Files from Backlog in a folder, or behind any fsspec URL: their names, their sizes, the manifest. Knows no DuckDB.

A file is written under another name and gets its own when it is whole, so whatever stands there under a file's name is
that file. Who is stopped goes on from there: what has the right size is not asked for again.
"""

import hashlib
import os
import unicodedata
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple, cast

import fsspec.core
import orjson
from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem

from backlog_assets.client import BacklogClient
from backlog_assets.errors import Misconfigured, Unavailable, WrongShape

MANIFEST = "manifest.ndjson"
"""A JSON object a line for each file: what it is and where it stands."""

NAME_BYTES = 180
"""Longest safe name, in UTF-8; file systems take 255 bytes, and the id stands in front."""

SUFFIX_BYTES = 20
"""An ending longer than that is no ending."""

FLUSH_FILES = 50
"""The manifest is written anew after at least so many files, and after a tenth of those that it has."""

_UNSAFE = frozenset('<>:"/\\|?*')
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what has no look of its own: control characters, those that turn the direction of writing."""


class FileWanted(NamedTuple):
    """A file in Backlog: the `table` that lists it and the `folder` it goes to, its `path` below /api/v2, its bytes
    (None: not known), and when it was made or last changed."""

    table: str
    folder: str
    id: int
    name: str
    size: int | None
    path: str
    project_id: int | None
    changed: datetime | None

    @property
    def place(self) -> str:
        """Where it goes, below the folder of all files: named by its id, for names repeat and change."""
        return f"{self.folder}/{self.id}-{safe_name(self.name)}"

    @property
    def stamp(self) -> str | None:
        return None if self.changed is None else self.changed.astimezone(timezone.utc).isoformat()

    def __str__(self) -> str:
        return f"{self.table} {self.id}"


def safe_name(name: str) -> str:
    """`name` as every file system takes it: letters of any language stay, the ending too where it has to be cut."""
    text = "".join(
        "_" if one in _UNSAFE else one
        for one in unicodedata.normalize("NFC", name)
        if unicodedata.category(one) not in _UNSEEN
    )
    text = text.strip().rstrip(" .")
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix.encode()) > SUFFIX_BYTES:
        return _cut(text, NAME_BYTES) or "file"
    return f"{_cut(stem, NAME_BYTES - SUFFIX_BYTES) or 'file'}.{suffix}"


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore").rstrip(" .")


class Folder:
    """Where files go (`to`: a folder or an fsspec URL), and what is known of those that are there. Of one space.

    Raises Misconfigured where nothing can be written there, or where it holds files of another space. What `to` says
    is in no message: a URL may hold a password.
    """

    def __init__(self, to: str, space: str) -> None:
        self._space = space
        self._fs, root = _file_system(to)
        self._root = str(root).rstrip("/")
        self._is_local = isinstance(self._fs, LocalFileSystem)
        self._lines: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, dict[str, int | None]] = {}
        self._unwritten = 0

    @contextmanager
    def open(self) -> Generator["Folder"]:
        """While inside, nobody else on this machine writes there; at the end the manifest is as it should be."""
        with _told("the folder cannot be written"):
            self._fs.makedirs(self._root or "/", exist_ok=True)
        with self._lock():
            self._read_manifest()
            try:
                yield self
            finally:
                self._write_manifest()

    def has(self, file: FileWanted) -> bool:
        """Whether it is there, whole and as it is now; what is there and not in the manifest is written down."""
        size = self._there(file.folder).get(_plain(file.place))
        if size is None:
            return False
        line = self._lines.get(file.place)
        if line is None:
            if size != file.size:
                return False
            self._note(file, size, None)
            return True
        is_whole = size == line.get("size") and file.size in (None, size)
        return is_whole and line.get("changed") in (None, file.stamp)

    def take(self, client: BacklogClient, file: FileWanted) -> int:
        """Fetches it, and returns its bytes. Raises what the client raises, and WrongShape for another size."""
        part = _Part(self._fs, f"{self._root}/{file.folder}", f".{file.id}.part")
        try:
            received = client.download(file.path, part)
            part.close()
            if file.size is not None and received != file.size:
                raise WrongShape(
                    f"Backlog answered GET {file.path} with {received:,} bytes, where {file.table} says {file.size:,}. "
                    f"Nothing was kept; load {file.table} again, the file may have changed since.",
                    path=file.path,
                )
            with _told(f"{file.place} cannot be written"):
                self._rename(part.path, f"{self._root}/{file.place}")
        finally:
            part.drop()
        self._there(file.folder)[_plain(file.place)] = received
        self._note(file, received, part.digest)
        return received

    def _rename(self, source: str, target: str) -> None:
        if self._is_local:
            Path(source).replace(target)
        else:
            self._fs.cp_file(source, target)

    def _there(self, folder: str) -> dict[str, int | None]:
        """Sizes of the files in one of the folders, by place. Listed once: asking for each would be a request each."""
        if folder not in self._sizes:
            listed: list[Mapping[str, Any]] = []
            with _told(f"{folder} cannot be listed"):
                self._fs.makedirs(f"{self._root}/{folder}", exist_ok=True)
                listed = self._fs.ls(f"{self._root}/{folder}", detail=True)
            self._sizes[folder] = {
                _plain(f"{folder}/{str(one['name']).replace(os.sep, '/').rsplit('/', 1)[-1]}"): one.get("size")
                for one in listed
                if one.get("type") == "file"
            }
        return self._sizes[folder]

    def _note(self, file: FileWanted, size: int, digest: str | None) -> None:
        self._lines[file.place] = {
            "space": self._space,
            "table": file.table,
            "id": file.id,
            "project_id": file.project_id,
            "name": file.name,
            "path": file.place,
            "size": size,
            "changed": file.stamp,
            "sha256": digest,
        }
        self._unwritten += 1
        if self._unwritten >= max(FLUSH_FILES, len(self._lines) // 10):
            self._write_manifest()

    def _read_manifest(self) -> None:
        path, written = f"{self._root}/{MANIFEST}", b""
        with _told(f"{MANIFEST} cannot be read"):
            if self._fs.exists(path):
                written = self._fs.cat_file(path)
        try:
            lines = [orjson.loads(text) for text in written.splitlines()]
            self._lines = {str(line["path"]): line for line in lines}
        except (ValueError, TypeError, KeyError):
            raise Misconfigured(
                f"--to: {MANIFEST} there is none of this program's, or was changed. Nothing was written; name another "
                "folder, or remove that file: what is there is then known by its size."
            ) from None
        others = sorted({str(line.get("space")) for line in self._lines.values()} - {self._space})
        if others:
            raise Misconfigured(
                f"--to: the files there are of {', '.join(others)}, not of {self._space}. Nothing was written; "
                "each space has a folder of its own."
            )

    def _write_manifest(self) -> None:
        if not self._unwritten:
            return
        part, target = f"{self._root}/.{MANIFEST}.part", f"{self._root}/{MANIFEST}"
        with _told(f"{MANIFEST} cannot be written"):
            self._fs.pipe_file(part, b"".join(orjson.dumps(line) + b"\n" for line in self._lines.values()))
            self._rename(part, target)
            if not self._is_local:
                self._fs.rm_file(part)
        self._unwritten = 0

    @contextmanager
    def _lock(self) -> Generator[None]:
        """Against a second run into the same folder. Elsewhere than on this machine there is no such lock."""
        if not self._is_local:
            yield
            return
        lock: FileLock = FileLock(f"{self._root}/.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Unavailable(
                "Another run is downloading to this folder. Nothing was asked; wait for its end."
            ) from None
        except OSError as error:
            raise Misconfigured(f"--to: the folder cannot be written ({error.strerror}).") from None
        try:
            yield
        finally:
            lock.release()


class _Part:
    """A file that is not whole yet."""

    def __init__(self, fs: Any, folder: str, name: str) -> None:
        self.path = f"{folder}/{name}"
        self._fs = fs
        self._name = name
        self._file: Any = None
        self._hash = hashlib.sha256()
        self._begun = False

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written."""
        return self._hash.hexdigest()

    def begin(self) -> None:
        self.close()
        self._hash, self._begun = hashlib.sha256(), True
        with _told(f"{self._name} cannot be written"):
            self._file = self._fs.open(self.path, "wb")

    def write(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        with _told(f"{self._name} cannot be written"):
            self._file.write(chunk)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with _told(f"{self._name} cannot be written"):
                file.close()

    def drop(self) -> None:
        """Removes what is left of it."""
        file, self._file = self._file, None
        # It may be gone, having got its own name; and where it cannot be removed, the next run writes over it.
        with suppress(OSError):
            if file is not None:
                file.close()
            if self._begun:
                self._fs.rm_file(self.path)


def _file_system(to: str) -> tuple[Any, Any]:
    try:
        return cast("Any", fsspec.core).url_to_fs(to)
    except (ImportError, ValueError) as error:
        kind = to.split("://", 1)[0] if "://" in to else ""
        what = "needs a package that is not installed" if isinstance(error, ImportError) else "is not known to fsspec"
        raise Misconfigured(f"--to: {kind}:// {what}. Name a folder, or a URL of a kind that fsspec knows.") from None


@contextmanager
def _told(what: str) -> Generator[None]:
    """What the file system refuses, as one of our errors."""
    try:
        yield
    except OSError as error:
        raise Misconfigured(
            f"--to: {what} ({error.strerror or type(error).__name__}). What was downloaded before stays; "
            "check the folder, its rights and the space left there."
        ) from None


def _plain(place: str) -> str:
    """Some file systems spell an accent apart from its letter when they list a name."""
    return unicodedata.normalize("NFC", place)
