# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one base class, and below it the ones that Python has a word for."""
from __future__ import annotations


class Error(Exception):
    """What went wrong: `code` in a word ("corrupt"), the `file` concerned and the byte `offset` in it, or None.

    str() is one sentence, with what was expected and what was found.
    """

    code: str = "invalid_argument"
    file: str | None = None
    offset: int | None = None
    message: str = ""

    def __str__(self) -> str:
        return self.message

    def __reduce__(self):
        return (_again, (type(self), dict(self.__dict__)))


class InvalidArgumentError(Error, ValueError):
    """An argument outside what the call documents."""


class BadInputError(Error, ValueError):
    """Vectors or a file of them that cannot be used: NaN, a header that lies."""


class NotFoundError(Error, FileNotFoundError):
    """No file of that name."""


class UnknownIdError(Error, KeyError):
    """No record of that id."""


class ExistsError(Error, FileExistsError):
    """The output exists already, and the call does not replace it."""


class IdExistsError(Error, ValueError):
    """A record has that id already; upsert replaces it."""


class NotAnIndexError(Error, ValueError):
    """The file is no index."""


class UnsupportedError(Error, NotImplementedError):
    """Written by a newer nearline, or uses what this one lacks."""


class BusyError(Error, BlockingIOError):
    """Another writer, or a reader of a very old commit, holds the index."""


class CancelledError(Error):
    """The progress function said False."""


class OverBudgetError(Error, ValueError):
    """A memory bound that is too small for what was asked; the message says what is enough."""


class CorruptError(Error):
    """The index is damaged: a checksum or a rule does not hold, or the file is too short (code "truncated")."""


class SystemFailure(Error, OSError):
    """A system call failed; `errno` says how. Code "io", "no_space" or "commit_unknown"."""


class PermissionDeniedError(Error, PermissionError):
    """The system refused access, or what was opened is read-only (code "read_only")."""


class NoMemoryError(Error, MemoryError):
    """The system refused an allocation."""


_CLASSES = {
    "invalid_argument": InvalidArgumentError,
    "bad_input": BadInputError,
    "not_found": NotFoundError,
    "exists": ExistsError,
    "not_an_index": NotAnIndexError,
    "unsupported": UnsupportedError,
    "read_only": PermissionDeniedError,
    "busy": BusyError,
    "cancelled": CancelledError,
    "over_budget": OverBudgetError,
    "corrupt": CorruptError,
    "truncated": CorruptError,
    "io": SystemFailure,
    "no_space": SystemFailure,
    "no_memory": NoMemoryError,
    "permission": PermissionDeniedError,
    "commit_unknown": SystemFailure,
}


def _again(kind: type, state: dict) -> Error:
    error = kind(state.get("message", ""))
    error.__dict__.update(state)
    return error


def make(code: str, message: str, file: str = "", offset: int | None = None, system: int = 0) -> Error:
    """The exception for an error of the library."""
    kind = _CLASSES.get(code, Error)
    if code == "exists" and not file:
        kind = IdExistsError
    error = kind(message)
    error.message, error.code, error.file, error.offset = message, code, file or None, offset
    if isinstance(error, OSError):
        error.errno, error.filename = system or None, file or None
    return error


def invalid(message: str) -> InvalidArgumentError:
    return make("invalid_argument", message)
