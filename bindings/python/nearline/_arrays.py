# SPDX-License-Identifier: Apache-2.0
"""Arrays as the library takes them: whole rows, contiguous, of a type that it has. numpy is loaded when first needed."""
from __future__ import annotations

from ._errors import invalid

# Numbers of `ElementType`.
F32, F16, BF16, I8, U8, B1 = 1, 2, 3, 4, 5, 6
WORDS = {"f32": F32, "f16": F16, "bf16": BF16, "i8": I8, "u8": U8, "b1": B1, "float32": F32, "float": F32, "float16": F16,
         "bfloat16": BF16, "int8": I8, "uint8": U8, "binary": B1, "bits": B1, "bool": B1}
NAMES = {F32: "f32", F16: "f16", BF16: "bf16", I8: "i8", U8: "u8", B1: "b1"}
FLOATS = (F32, F16, BF16)
_BY_CODE = {"f4": F32, "f2": F16, "i1": I8, "u1": U8}


def element(dtype) -> int:
    """Of "f32", "bf16", numpy.float32, ..."""
    if isinstance(dtype, str) and dtype in WORDS:
        return WORDS[dtype]
    import numpy as np
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = None
    if name not in WORDS:
        raise invalid(f"dtype of {dtype!r}: expected f32, f16, bf16, i8, u8 or b1")
    return WORDS[name]


def numpy_type(kind: int):
    """In what stored vectors of `kind` come to Python."""
    import numpy as np
    return {F32: np.float32, F16: np.float16, BF16: np.uint16, I8: np.int8, U8: np.uint8, B1: np.uint8}[kind]


def columns(kind: int, dim: int) -> int:
    """Elements of the array for one vector."""
    return (dim + 7) // 8 if kind == B1 else dim


def _narrow(array, what: str, kind: int | None):
    """float64 and whole numbers of Python, as numpy makes them of lists, in a type that there is."""
    import numpy as np
    if array.dtype.kind == "f" or (array.dtype.kind in "iu" and kind in (None, *FLOATS) and array.dtype.itemsize == 8):
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float32)
        if array.dtype.kind == "f" and (np.isinf(narrow) & np.isfinite(array)).any():
            raise invalid(f"{what}: expected numbers that float32 holds, found larger ones")
        if array.dtype.kind != "f" and (narrow.astype(array.dtype) != array).any():
            raise invalid(f"{what}: expected float32, found {array.dtype} with numbers that float32 does not hold")
        return narrow
    if array.dtype.kind in "iu" and kind in (I8, U8):
        narrow = array.astype(numpy_type(kind))
        if (narrow != array).any():
            raise invalid(f"{what}: expected numbers that {narrow.dtype} holds, found {array.dtype} with others")
        return narrow
    raise invalid(f"{what}: expected float32, float16, int8, uint8 or bool, found an array of {array.dtype}")


def rows(array, what: str, kind: int | None = None, dim: int | None = None, single: bool = False):
    """(contiguous array [n, columns], its element type, dim, whether it was one row).

    kind: how vectors are stored, which says what uint16 and uint8 mean. single: one row alone will do.
    """
    import numpy as np
    if not isinstance(array, np.ndarray):
        array = np.asarray(array)
    one = array.ndim == 1 and single
    if one:
        array = array[None]
    if array.ndim != 2:
        raise invalid(f"{what}: expected an array [rows, dim]" + (" or [dim]" if single else "") +
                      f", found shape {list(array.shape)}")
    code = array.dtype.str[1:]
    have = _BY_CODE.get(code)
    if have is None:
        if array.dtype.name == "bfloat16" or (code == "u2" and kind == BF16):
            have, array = BF16, array.view(np.uint16)
        elif code == "b1":
            return np.packbits(array, axis=1, bitorder="little"), B1, array.shape[1], one
        else:
            array = _narrow(array, what, kind)
            have = _BY_CODE[array.dtype.str[1:]]
    elif have == U8 and kind == B1:
        have = B1
    width = array.shape[1]
    if have == B1:
        if dim is not None and width == (dim + 7) // 8:
            width = dim
        else:
            width *= 8
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    return array, have, width, one


def _large(values, otherwise):
    """Whole numbers of Python beside each other that need a sign's place and do not, which numpy makes floats of."""
    import operator

    import numpy as np
    try:
        numbers = [operator.index(value) for value in values]
        return otherwise if min(numbers) < 0 else np.array(numbers, np.uint64)
    except (TypeError, OverflowError):
        return otherwise


def ids(values, what: str = "ids"):
    """A contiguous array [n] of uint64."""
    import numpy as np
    array = np.asarray(values)
    if array.dtype.kind in "fO" and array.ndim == 1 and array.size > 0 and not isinstance(values, np.ndarray):
        array = _large(values, array)
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, np.uint64)
    if array.ndim != 1:
        raise invalid(f"{what}: expected one number for each, found an array of shape {list(array.shape)}")
    if array.dtype.kind == "i":
        if array.min() < 0:
            raise invalid(f"{what}: expected numbers from 0, found {array.min()}")
    elif array.dtype.kind != "u":
        raise invalid(f"{what}: expected whole numbers from 0 to 2**64 - 2, found an array of {array.dtype}")
    return np.ascontiguousarray(array, np.uint64)


def ids_for(values, count: int):
    """None, or an id for each of `count` rows."""
    if values is None:
        return None
    array = ids(values)
    if len(array) != count:
        raise invalid(f"ids: expected {count}, one for each row, found {len(array)}")
    return array
