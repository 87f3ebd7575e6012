# SPDX-License-Identifier: Apache-2.0
"""Several fields, transforms, masks, prefixes and searches over fields together, from Python; and what is refused."""
import unittest

import numpy as np
from support import Case, cloud, line

import nearline

RNG = np.random.default_rng(7)


def distances_to(rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    return ((rows.astype(np.float64) - query) ** 2).sum(1)


class Fields(Case):
    def setUp(self) -> None:
        super().setUp()
        self.images, self.texts = cloud(200, 16), cloud(100, 6, 2)
        self.even = np.arange(0, 200, 2)
        self.opened = self.index(self.images, fields={"text": nearline.Field(self.texts, self.even), "bits": nearline.Field(
            dim=64, dtype="b1"), "all": self.images[:, :4]}, name="image")

    def test_fields_are_told(self):
        fields = self.opened.fields
        self.assertEqual(list(fields), ["image", "text", "bits", "all"])
        self.assertEqual(fields["text"], ("text", 6, "f32", "l2", True, "", ""))
        self.assertEqual((fields["bits"].dtype, fields["bits"].metric, fields["bits"].dim), ("b1", "hamming", 64))
        self.assertEqual((self.opened.info.count, self.opened.info.field), (200, "image"))
        self.assertEqual((self.opened.field_info("text").count, self.opened.field_info("bits").count), (100, 0))

    def test_each_is_searched_and_read(self):
        found = self.opened.search(self.texts[:5], k=3, field="text", exact=True)
        for row in range(5):
            best = np.argsort(distances_to(self.texts, self.texts[row]), kind="stable")[:3]
            self.assertEqual(found.ids[row].tolist(), self.even[best].tolist())
        self.assertEqual(self.opened.get([4, 6], field="text").tolist(), self.texts[2:4].tolist())
        self.assertEqual(self.opened.contains([4, 5], field="text").tolist(), [True, False])
        self.assertTrue((self.opened.sample_ids(10, field="text") % 2 == 0).all())
        seen = []
        self.opened.for_each(lambda ids, rows: seen.extend(ids.tolist()), field="text")
        self.assertEqual(seen, self.even.tolist())
        self.assertEqual(self.opened.range_search(self.texts[0], 0, field="text").ids.tolist(), [0])
        ids, _ = next(self.opened.cursor(self.texts[1], k=1, field="text"))
        self.assertEqual(ids.tolist(), [2])
        self.assertEqual(self.opened.search_page(self.texts[1], k=1, field="text").ids.tolist(), [2])
        self.assertEqual(self.opened.graph_statistics(field="text").records, 100)
        error = self.fails(nearline.UnknownIdError, "'text'", self.opened.get, [5], field="text")
        self.assertIn("the id 5", error.message)

    def test_together_they_are_what_brute_force_says(self):
        image, text = cloud(1, 16, 5)[0], cloud(1, 6, 6)[0]
        weights = {"image": 0.25, "text": 2}
        sums = 0.25 * distances_to(self.images, image)
        of_text = np.full(200, np.nan)
        of_text[self.even] = distances_to(self.texts, text)
        for missing in (None, 0.5):
            every = sums + 2 * (of_text if missing is None else np.where(np.isnan(of_text), missing, of_text))
            best = np.argsort(np.where(np.isnan(every), np.inf, every), kind="stable")[:10]
            found = self.opened.search_fields({"image": image, "text": text}, 10, weights=weights, missing=missing, exact=True)
            self.assertEqual(found.ids.tolist(), best.tolist())
            np.testing.assert_allclose(found.distances, every[best], rtol=1e-5)
        chosen = self.opened.search_fields({"image": image[None], "text": text[None]}, 1, weights={"text": 0}, choose_by="text",
                                           candidates=5, stats=True)
        near = self.even[np.argsort(distances_to(self.texts, text))[:5]]
        self.assertEqual(chosen.ids.tolist(), [[near[np.argmin(distances_to(self.images[near], image))]]])
        self.assertGreater(chosen.stats["distance_computations"][0], 0)

    def test_a_writer_changes_one_field(self):
        with nearline.writer("test.near") as writer:
            writer.set_field("text", self.texts[:2] + 100, [1, 3])
            writer.set_field("bits", np.ones((1, 8), np.uint8), 7)
            self.assertEqual(writer.delete_field("text", [0, 199]), (1, 1))
            writer.insert(self.images[0], 500)
            writer.set_field("text", self.texts[0], 500)
            self.fails(nearline.InvalidArgumentError, "did you mean 'text'", writer.set_field, "txt", self.texts[0], 500)
            self.fails(nearline.InvalidArgumentError, "image", writer.delete_field, "image", 1)
        self.opened.refresh()
        self.assertEqual(self.opened.contains([0, 1, 3, 500], field="text").tolist(), [False, True, True, True])
        self.assertEqual(self.opened.get(7, field="bits").tolist(), [1] * 8)
        with nearline.writer("test.near") as writer:
            self.assertEqual(writer.calibrate(cloud(64, 6, 9), field="text").count, 201)

    def test_misuse_is_told(self):
        search = self.opened.search
        invalid = nearline.InvalidArgumentError
        self.fails(invalid, "did you mean 'text'", search, self.texts[0], field="txet")
        self.fails(TypeError, "field: expected a name", search, self.texts[0], field=7)
        self.fails(TypeError, "did you mean 'field'", search, self.texts[0], feild="text")
        self.fails(TypeError, "dict of arrays by field", self.opened.search_fields, self.texts)
        self.fails(invalid, "no queries of the field 'txt'", self.opened.search_fields, {"text": self.texts[0]}, weights={"txt": 1})
        self.fails(invalid, "weight", self.opened.search_fields, {"text": self.texts[0]}, weights={"text": -1})
        self.fails(invalid, "text", nearline.build, "b.near", line(3, 2), fields={"text": nearline.Field(line(3, 2), [1, 2])})
        self.fails(invalid, "dim and dtype", nearline.build, "b.near", line(3, 2), fields={"text": None})
        self.fails(TypeError, "dict of arrays", nearline.build, "b.near", line(3, 2), fields=[line(3, 2)])
        self.fails(invalid, "no record", nearline.build, "b.near", line(3, 2), fields={"a": nearline.Field(line(1, 2), [9])})


class Dimensions(Case):
    def test_masks_and_prefixes_count_as_said(self):
        rows = cloud(300)
        index = self.index(rows)
        query = cloud(1, 16, 3)[0]
        mask = RNG.random(16).astype(np.float32)
        by_mask = (mask * (rows.astype(np.float64) - query) ** 2).sum(1)
        by_prefix = distances_to(rows[:, :5], query[:5])
        self.assertEqual(index.search(query, 5, mask=mask, exact=True).ids.tolist(), np.argsort(by_mask)[:5].tolist())
        self.assertEqual(index.search(query, 5, prefix=5, exact=True).ids.tolist(), np.argsort(by_prefix)[:5].tolist())
        self.assertEqual(index.range_search(query, float(np.sort(by_prefix)[3]) * 1.0001, prefix=5).ids.tolist(),
                         np.argsort(by_prefix)[:4].tolist())
        found = index.search(query, 5, prefix=8, walk_prefix=4, L=300)
        self.assertEqual(found.ids.tolist(), np.argsort(distances_to(rows[:, :8], query[:8]))[:5].tolist())
        invalid = nearline.InvalidArgumentError
        self.fails(invalid, "mask", index.search, query, mask=[1, 2])
        self.fails(invalid, "mask", index.search, query, mask=[[1] * 16])
        self.fails(invalid, "mask", index.search, query, mask=["a"] * 16)
        self.fails(invalid, "prefix", index.search, query, prefix=17)
        self.fails(invalid, "prefix", index.search, query, prefix=0)


class Transforms(Case):
    def test_vectors_and_queries_go_through_what_the_file_says(self):
        rows, turn = cloud(200), cloud(8, 16, 4)
        index = self.index(rows, transform="matrix(turn)", matrices={"turn": turn})
        self.assertEqual(index.fields["vector"].transform, "matrix(8 x 16)")
        np.testing.assert_allclose(index.get(3), turn @ rows[3], rtol=1e-4, atol=1e-5)
        self.assertEqual(index.search(rows[3], 1).ids.tolist(), [3])
        self.assertEqual(index.search(index.get(3), 1, as_stored=True).ids.tolist(), [3])

    def test_queries_of_another_encoder_have_a_side_of_their_own(self):
        rows, other = cloud(200), cloud(16, 10, 4)
        index = self.index(rows, query_transform="matrix(bridge)", matrices={"bridge": other})
        query = cloud(1, 10, 5)[0]
        self.assertEqual(index.search(query, 1, exact=True).ids.tolist(),
                         [int(np.argmin(distances_to(rows, other @ query)))])

    def test_a_further_field_has_its_own(self):
        rows = cloud(100)
        index = self.index(line(100), fields={"short": nearline.Field(rows, transform="sparse_random(4)", metric="cosine")})
        self.assertEqual((index.fields["short"].dim, index.fields["short"].transform), (4, "sparse_random(4)"))
        self.assertEqual(index.search(rows[9], 1, field="short").ids.tolist(), [9])

    def test_misuse_is_told(self):
        invalid = nearline.InvalidArgumentError
        self.fails(invalid, "matrices has no 'm'", nearline.build, "b.near", cloud(9), transform="matrix(m)")
        self.fails(invalid, "matrix 'm'", nearline.build, "b.near", cloud(9), transform="matrix(m)", matrices={"m": [1, 2]})
        self.fails(invalid, "matrix 'm'", nearline.build, "b.near", cloud(9), transform="matrix(m)", matrices={"m": "text"})
        self.fails(invalid, "normalize", nearline.build, "b.near", cloud(9), transform="normalise")
        self.fails(TypeError, "transform", nearline.build, "b.near", cloud(9), transform=7)
        self.fails(TypeError, "matrices", nearline.build, "b.near", cloud(9), transform="matrix(m)", matrices=[cloud(2)])


if __name__ == "__main__":
    unittest.main()
