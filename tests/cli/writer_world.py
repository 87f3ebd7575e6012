# SPDX-License-Identifier: Apache-2.0
"""An index of known records that commands change, and what it must hold then."""
import struct

from support import CliTest, fbin, vectors


def text_ids(ids):
    return "".join(f"{number}\n" for number in ids)


class WriterTest(CliTest):
    """An index of rows with the ids 0, 1, ..., and a model of what it must hold."""

    def setUp(self):
        super().setUp()
        rows = vectors(60, 8)
        self.name = self.index(rows=60, dim=8)
        self.model = dict(enumerate(rows))

    def new_rows(self, count, ids, seed=2):
        """Puts new.fbin and new.txt; notes in the model what they say."""
        rows = vectors(count, 8, seed)
        self.put("new.fbin", fbin(rows))
        self.put("new.txt", text_ids(ids))
        self.model |= dict(zip(ids, rows))

    def check_holds(self, name=None):
        """export, info, verify and search agree with the model."""
        name = name or self.name
        self.good("export", name, "-o", "all.fbin", "--ids-out", "all.u64bin", "--force")
        ids = sorted(self.model)
        raw = (self.folder / "all.u64bin").read_bytes()
        self.assertEqual(list(struct.unpack(f"<{len(ids)}Q", raw[8:])), ids)
        self.assertEqual((self.folder / "all.fbin").read_bytes(), fbin([self.model[number] for number in ids]))
        [info] = self.good_json("info", name, "--json")
        self.assertEqual(info["count"], len(ids))
        [verified] = self.good_json("verify", name, "--full", "--json")
        self.assertTrue(verified["ok"])
        asked = ids[:: max(1, len(ids) // 20)]
        self.put("queries.fbin", fbin([self.model[number] for number in asked]))
        found = self.good_json("search", name, "queries.fbin", "-k", "1", "-L", "100", "--json")
        self.assertEqual([line["ids"][0] for line in found], asked)
        return info
