# SPDX-License-Identifier: Apache-2.0
"""Options as people write them: sizes with units, names of other engines, and keywords that are nearly right."""
from __future__ import annotations

import operator
import os
import warnings

from ._errors import invalid

AUTO = 0xFFFF_FFFF  # the library's word for a number that it chooses

# What other engines call it: our name, and what to multiply by.
ALIASES = {
    "M": ("degree", 2),  # hnswlib's M is half of the neighbours on the layer that holds all records
    "R": ("degree", 1),
    "ef_construction": ("l_build", 1),
    "efConstruction": ("l_build", 1),
    "L_build": ("l_build", 1),
    "ef": ("L", 1),
    "efSearch": ("L", 1),
    "ef_search": ("L", 1),
    "l": ("L", 1),
}
_noted: set[str] = set()


def spell_out(call: str, known: tuple[str, ...], given: dict, extra: dict) -> None:
    """Takes the keywords of `extra` that are aliases into `given`; says so once. Any other is a TypeError."""
    for word, value in extra.items():
        name, factor = ALIASES.get(word, (None, 1))
        if name not in known:
            import difflib
            near = difflib.get_close_matches(word, known, 1, 0.5) or [
                option for option in known if option.lower() == word.lower()]
            raise TypeError(f"{call}() has no keyword {word!r}" + (f": did you mean {near[0]!r}?" if near else
                                                                   f"; it has {', '.join(known)}"))
        if given.get(name) is not None:
            raise TypeError(f"{call}(): {word!r} and {name!r} are the same option: expected one of them")
        given[name] = value if factor == 1 or value is None else operator.index(value) * factor
        if word not in _noted:
            _noted.add(word)
            times = f", here {given[name]}" if factor != 1 else ""
            warnings.warn(f"nearline calls {word!r} {name!r}{times}", stacklevel=3)


def filter(text) -> str:
    """None, or an expression."""
    if text is None:
        return ""
    if not isinstance(text, str):
        raise TypeError(f"filter: expected an expression such as \"year >= 2019\", found {text!r}")
    return text


def path(name) -> bytes:
    """str, bytes or pathlib.Path."""
    file = os.fsencode(name)
    if b"\0" in file:
        raise invalid("path: expected a name without zero bytes")
    return file


def whole(value, name: str, least: int = 0, most: int = 0xFFFF_FFFF) -> int:
    """A number that the library takes."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, found {value!r}") from None
    if not least <= number <= most:
        raise invalid(f"{name} of {number}: expected {least} to {most}")
    return number


def auto(value, name: str) -> int:
    """None or "auto", or a number."""
    return AUTO if value is None or value == "auto" else whole(value, name, 0, AUTO - 1)


def size(value, name: str = "memory") -> int:
    """Bytes: a number, or "64M", "2G", "512KiB", in powers of 1024."""
    if not isinstance(value, str):
        return whole(value, name, 0, 2**64 - 1)
    text = value.strip()
    digits = text.rstrip("KMGTiB").strip()
    unit = text[len(digits):].strip()
    shift = {"": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40}.get(unit if unit == "B" else unit[:1])
    if not (digits.isascii() and digits.isdecimal()) or shift is None or unit[1:] not in ("", "iB", "B"):
        raise invalid(f"{name} of {value!r}: expected bytes, such as 67108864, '64M' or '2G'")
    return whole(int(digits) << shift, name, 0, 2**64 - 1)


def word(value: str, name: str, words: tuple[str, ...]) -> str:
    if value not in words:
        raise invalid(f"{name} of {value!r}: expected {', '.join(words[:-1])} or {words[-1]}")
    return value


METRICS = {"l2": "l2", "ip": "ip", "cosine": "cosine", "hamming": "hamming", "jaccard": "jaccard", "l2sq": "l2",
           "mips": "ip", "dot": "ip", "cos": "cosine", "angular": "cosine", "tanimoto": "jaccard"}


def metric(value: str) -> str:
    found = METRICS.get(value)
    if found is None:
        raise invalid(f"metric of {value!r}: expected l2, ip, cosine, hamming or jaccard")
    return found
