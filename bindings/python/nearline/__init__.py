# SPDX-License-Identifier: Apache-2.0
"""nearline: an embedded, disk-resident graph index for embedding vectors.

    import nearline
    nearline.build("photos.near", vectors)               # vectors: array [n, dim]
    index = nearline.open("photos.near", memory="64M")
    ids, distances = index.search(queries, k=10, recall=0.95)  # both [rows, k]

Records may say more than their vectors, and a filter asks for it:

    nearline.build("photos.near", vectors, attributes={"lang": langs, "year": years}, payloads=titles)
    found = index.search(query, filter="lang = 'en' and year >= 2019")
    index.get(found.ids, attributes=True, payloads=True)  # (vectors, a list of dicts, a list of bytes)

They may have further vectors, which are searched alone or together:

    nearline.build("photos.near", images, fields={"text": nearline.Field(texts, ids, metric="cosine")})
    index.search_fields({"vector": image, "text": text}, weights={"text": 0.3})

Arrays are numpy's: float32, float16, int8, uint8 as they are; `dtype="bf16"` with uint16, `dtype="b1"` with uint8 (eight
bits to a byte, the first in the least significant one) or bool. Rows that are contiguous are used where they lie, others are
copied. Ids are any numbers below 2**64 - 1, which is NO_ID and pads short rows. Smaller distances are nearer.

What the world does wrong is a nearline.Error, which is also what Python would raise (ValueError, FileNotFoundError, ...); its
`code`, `file` and `offset` say what and where. Calls let other threads run; Ctrl-C ends long ones. After fork the child
opens its own index; pickling an index sends its path.
"""
from ._build import Estimate, BuildReport, build, estimate
from ._core import version as __version__
from ._errors import (BadInputError, BusyError, CancelledError, CorruptError, Error, ExistsError, IdExistsError,
                      InvalidArgumentError, NoMemoryError, NotAnIndexError, NotFoundError, OverBudgetError, PermissionDeniedError,
                      SystemFailure, UnknownIdError, UnsupportedError)
from ._files import (NeighborTable, Profile, VectorFile, convert_vectors, exact_neighbors, profile, read_ids, read_neighbors,
                     read_vectors, write_ids, write_neighbors, write_vectors)
from ._index import Index, open
from ._pages import Cursor, Page
from ._repair import SalvageReport, SystemInfo, VerifyReport, salvage, system_info, verify
from ._results import Evaluation, GraphStatistics, IndexInfo, MemoryUsage, RangeResult, Records, SearchResult
from ._spaces import Field, FieldInfo
from ._writer import CommitReport, EraseReport, InsertReport, Writer, writer

NO_ID = 2**64 - 1

__all__ = [name for name in dir() if not name.startswith("_")] + ["__version__"]
