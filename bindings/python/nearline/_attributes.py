# SPDX-License-Identifier: Apache-2.0
"""What records say, as people have it: a list of dicts, a dict of columns, a table of pandas or Arrow."""
from __future__ import annotations

from collections.abc import Mapping

from ._errors import invalid

WORDS = ("i64", "f64", "bool", "string", "tags", "place")
_ALIASES = {"int": "i64", "int64": "i64", "float": "f64", "float64": "f64", "str": "string", "text": "string",
            "boolean": "bool", "list": "tags"}


def _listed(column) -> list:
    """A column's values as objects of Python."""
    for method in ("to_pylist", "tolist"):
        if hasattr(column, method):
            return getattr(column, method)()
    return list(column)


def _of_pandas(series) -> list:
    """NaN, NaT and NA are no values, as pandas has it."""
    return [value if there else None for value, there in zip(series.tolist(), series.notna().tolist())]


def _columns(attributes) -> tuple[list[str], list[list]]:
    """(names, a list of values for each of them)."""
    if hasattr(attributes, "to_pydict"):  # a table of Arrow
        attributes = attributes.to_pydict()
    elif hasattr(attributes, "iloc") and hasattr(attributes, "columns"):  # a DataFrame of pandas
        names = list(attributes.columns)
        attributes = {name: _of_pandas(attributes.iloc[:, at]) for at, name in enumerate(names)}
        if len(attributes) != len(names):
            raise invalid("attributes: expected columns with different names")
    if isinstance(attributes, Mapping):
        names = list(attributes)
        columns = [_of_pandas(column) if hasattr(column, "notna") else _listed(column) for column in attributes.values()]
    else:
        rows = list(attributes)
        names = []
        seen = set()
        for row in rows:
            if row is not None and not isinstance(row, Mapping):
                raise invalid(f"attributes: expected a dict for each row or a dict of columns, found {type(row).__name__}")
            for name in row or ():
                if name not in seen:
                    seen.add(name)
                    names.append(name)
        columns = [[None if row is None else row.get(name) for row in rows] for name in names]
        if not names:
            columns = []
    for name in names:
        if not isinstance(name, str):
            raise invalid(f"attributes: expected names that are str, found {name!r}")
    return names, columns


def data(attributes, payloads, count: int | None = None) -> tuple | None:
    """(names, columns, payloads) for the library, or None. count: of rows, where it is known."""
    if attributes is None and payloads is None:
        return None
    names, columns = ([], []) if attributes is None else _columns(attributes)
    if isinstance(payloads, (str, bytes)):
        raise invalid("payloads: expected a list of bytes or str, one for each row, found a single one")
    raw = None if payloads is None else _listed(payloads)
    if count is not None:
        check_length((names, columns, raw), count)
    return names, columns, raw


def check_length(said: tuple | None, count: int) -> None:
    """One value for each row."""
    if said is None:
        return
    names, columns, payloads = said
    for name, column in zip(names, columns):
        if len(column) != count:
            raise invalid(f"attribute {name!r}: expected {count} values, one for each row, found {len(column)}")
    if payloads is not None and len(payloads) != count:
        raise invalid(f"payloads: expected {count}, one for each row, found {len(payloads)}")


def part(said: tuple | None, first: int, end: int) -> tuple | None:
    """Of rows [first, end)."""
    if said is None:
        return None
    names, columns, payloads = said
    for name, column in zip(names, columns):
        if len(column) < end:
            raise invalid(f"attribute {name!r}: expected one for each row, found {len(column)} and at least {end} rows")
    if payloads is not None and len(payloads) < end:
        raise invalid(f"payloads: expected one for each row, found {len(payloads)} and at least {end} rows")
    return names, [column[first:end] for column in columns], None if payloads is None else payloads[first:end]


def _word_of(value) -> str | None:
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, float) for part in value):
        return "place"
    for kind, word in ((bool, "bool"), (int, "i64"), (float, "f64"), (str, "string"), ((list, tuple, set, frozenset), "tags")):
        if isinstance(value, kind):
            return word
    return None


def _learned(name: str, column: list) -> str:
    """The type that all values of a column have; whole numbers beside fractions are fractions."""
    words = set()
    for value in column:
        if value is not None:
            word = _word_of(value)
            if word is None:
                raise invalid(f"attribute {name!r}: expected None, bool, int, float, str, a list of str or a place, "
                              f"found {type(value).__name__}")
            words.add(word)
    if words == {"i64", "f64"}:
        return "f64"
    if not words:
        raise invalid(f"attribute {name!r}: no row has a value, so that its type is not known: expected it in schema")
    if len(words) > 1:
        raise invalid(f"attribute {name!r}: expected values of one type, found {' and '.join(sorted(words))}")
    return words.pop()


def schema(given: Mapping | None, said: tuple | None) -> list[tuple[str, str]]:
    """(name, type) of each attribute: as given, or learned from the values."""
    if given is None:
        return [] if said is None else [(name, _learned(name, column)) for name, column in zip(said[0], said[1])]
    if not isinstance(given, Mapping):
        raise invalid(f"schema: expected a dict of names and types, found {type(given).__name__}")
    types = []
    for name, kind in given.items():
        word = kind.__name__ if isinstance(kind, type) else kind
        word = _ALIASES.get(word, word)
        if not isinstance(name, str):
            raise invalid(f"schema: expected names that are str, found {name!r}")
        if word not in WORDS:
            raise invalid(f"schema: expected i64, f64, bool, string, tags or place for {name!r}, found {kind!r}")
        types.append((name, word))
    return types


def names_wanted(attributes) -> list[str] | None:
    """Of `get`: None for all, [] for none."""
    if attributes is True:
        return None
    if attributes is None or attributes is False:
        return []
    names = [attributes] if isinstance(attributes, str) else list(attributes)
    for name in names:
        if not isinstance(name, str):
            raise invalid(f"attributes: expected True or names, found {name!r}")
    return names
