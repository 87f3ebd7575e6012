# SPDX-License-Identifier: Apache-2.0
"""What records say from Python: rows of dicts, columns, tables, payloads; filters, radius and pages; and what is refused."""
import threading
import types
import unittest

import numpy as np
from support import Case, cloud, line

import nearline

SCHEMA = {"year": "i64", "price": "f64", "new": "bool", "lang": "string", "tags": "tags"}


def said(count: int) -> list[dict]:
    return [{"year": 1900 + i, "price": i / 2 if i % 2 == 0 else None, "new": i < 10, "lang": "en" if i % 2 == 0 else "de",
             "tags": ["bio/cell", "sky"][:i % 3]} for i in range(count)]


def columns(rows: list[dict]) -> dict:
    return {name: [row[name] for row in rows] for name in rows[0]}


class Attributes(Case):
    def records(self, **options) -> nearline.Index:
        return self.index(line(100), attributes=said(100), payloads=[f"item {i}" for i in range(100)], **options)

    def test_rows_and_columns_make_the_same_file(self):
        for path, attributes in (("a.near", said(100)), ("b.near", columns(said(100))),
                                 ("c.near", {name: np.array(column) if name == "year" else tuple(column)
                                             for name, column in columns(said(100)).items()})):
            index = self.index(line(100), path, attributes=attributes)
            self.assertEqual(index.info.attributes, SCHEMA)
            self.assertEqual(index.get(range(100), attributes=True).attributes, said(100))

    def test_places_are_pairs_of_degrees(self):
        homes = [None if i == 3 else (float(i), -16.5) for i in range(20)]
        for schema in (None, {"home": "place"}):
            index = self.index(line(20), "p.near", attributes={"home": homes}, schema=schema, replace=True)
            self.assertEqual(index.info.attributes, {"home": "place"})
            self.assertEqual([row["home"] for row in index.get(range(20), attributes=True).attributes], homes)
            self.assertEqual(index.count("distance(home, 10, -16.5) < 112km"), 3)

    def test_a_batch_of_the_iterator_takes_its_part(self):
        parts = (line(100)[at:at + 7] for at in range(0, 100, 7))
        index = self.index(parts, attributes=said(100), payloads=[bytes([i]) for i in range(100)])
        self.assertEqual(index.get([99, 3], attributes=["year"], payloads=True).attributes, [{"year": 1999}, {"year": 1903}])
        self.assertEqual(index.get(50, payloads=True).payloads, b"\x32")

    def test_get_gives_what_is_asked_for(self):
        index = self.records()
        vectors, attributes, payloads = index.get([4, 5], attributes=True, payloads=True)
        self.assertEqual((vectors.tolist(), payloads), (line(100)[4:6].tolist(), [b"item 4", b"item 5"]))
        self.assertEqual(attributes, said(100)[4:6])
        only = index.get([4, 5], vectors=False, attributes="lang")
        self.assertEqual(only, (None, [{"lang": "en"}, {"lang": "de"}], None))
        self.assertEqual(index.get(7, vectors=False, payloads=True), (None, None, b"item 7"))
        self.assertEqual(index.get([4, 777], missing="zeros", attributes=["year"]).attributes, [{"year": 1904}, {"year": None}])
        self.assertEqual(index.get([], vectors=False, attributes=True), (None, [], None))
        self.fails(nearline.UnknownIdError, "777", index.get, [4, 777], vectors=False, attributes=True)
        self.fails(nearline.InvalidArgumentError, "did you mean 'year'?", index.get, [4], attributes=["yaer"])

    def test_numbers_of_numpy_are_numbers(self):
        index = self.index(line(2), attributes=[{"a": np.int64(7), "b": np.float32(0.5), "c": np.bool_(True), "d": np.str_("x"),
                                                 "e": np.array(["p", "q"])}, None])
        self.assertEqual(index.info.attributes, {"a": "i64", "b": "f64", "c": "bool", "d": "string", "e": "tags"})
        self.assertEqual(index.get(0, attributes=True).attributes, {"a": 7, "b": 0.5, "c": True, "d": "x", "e": ["p", "q"]})
        self.assertEqual(set(index.get(1, attributes=True).attributes.values()), {None})

    def test_whole_numbers_beside_fractions_are_fractions(self):
        self.assertEqual(self.index(line(2), attributes={"a": [1, 0.5]}).info.attributes, {"a": "f64"})

    def test_tables_are_taken_by_what_they_can(self):
        """As pandas and Arrow, which need not be installed, have them; their own tables where they are."""
        arrow = types.SimpleNamespace(to_pydict=lambda: columns(said(100)))
        self.assertEqual(self.index(line(100), attributes=arrow).info.attributes, SCHEMA)

        class Series:
            def __init__(self, values):
                self.values = values

            def tolist(self):
                return self.values

            def notna(self):
                return np.array([value == value for value in self.values])

        class Frame:
            columns = ["a", "b"]
            iloc = property(lambda self: self)

            def __getitem__(self, place):
                return Series([1.5, float("nan")] if place[1] == 0 else ["x", "y"])

        for path, attributes in (("f.near", Frame()), ("s.near", {"a": Series([1.5, float("nan")]), "b": ["x", "y"]})):
            index = self.index(line(2), path, attributes=attributes)
            self.assertEqual(index.get([0, 1], attributes=True).attributes, [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}])

    def test_real_tables_are_taken(self):
        taken = 0
        for module, make in (("pandas", lambda pandas: pandas.DataFrame(said(100))),
                             ("pyarrow", lambda arrow: arrow.Table.from_pylist(said(100)))):
            try:
                library = __import__(module)
            except ImportError:
                continue
            index = self.index(line(100), module + ".near", attributes=make(library))
            self.assertEqual(index.get(range(100), attributes=True).attributes, said(100))
            taken += 1
        if taken == 0:
            self.skipTest("neither pandas nor pyarrow is installed")

    def test_a_schema_says_what_values_do_not(self):
        index = self.index(line(2), schema={"year": int, "price": "float", "tags": "tags"}, attributes={"price": [1, 2]})
        self.assertEqual(index.info.attributes, {"year": "i64", "price": "f64", "tags": "tags"})
        self.assertEqual(nearline.estimate(10, 4, schema={"year": "i64"}).layout, "lean")

    def test_wrong_attributes_are_refused_in_words(self):
        def refuses(words, attributes=None, kind=nearline.InvalidArgumentError, **options):
            self.fails(kind, words, nearline.build, "x.near", line(2), attributes=attributes, **options)
            with self.assertRaises(FileNotFoundError):
                nearline.open("x.near")

        refuses("expected a dict for each row or a dict of columns, found int", [1, 2])
        refuses("'a': expected 2 values, one for each row, found 3", {"a": [1, 2, 3]})
        refuses("'a': expected one for each row, found 1 and at least 2 rows", {"a": [1]})
        refuses("found i64 and string", {"a": [1, "x"]})
        refuses("expected it in schema", {"a": [None, None]})
        refuses("found object", {"a": [object(), None]})
        refuses("names that are str, found 1", {1: [1, 2]})
        refuses("larger one", {"a": [2**63, 1]}, nearline.BadInputError)
        refuses("NaN", {"a": [float("nan"), 1]}, nearline.BadInputError)
        refuses("tags that are str, found int", {"a": [[1], ["x"]]}, nearline.BadInputError)
        refuses("not UTF-8", {"a": ["\ud800", "x"]}, nearline.BadInputError)
        refuses("expected string", {"a": [1, 2]}, nearline.BadInputError, schema={"a": "string"})
        refuses("did you mean 'year'?", {"yaer": [1, 2]}, schema={"year": "i64"})
        refuses("expected i64, f64, bool, string, tags or place for 'a', found 'i32'", schema={"a": "i32"})
        refuses("expected a dict of names and types", schema=["a"])
        refuses("'id'", {"id": [1, 2]})
        refuses("payloads: expected 2, one for each row, found 3", payloads=["a", "b", "c"])
        refuses("found a single one", payloads="ab")
        refuses("payload of row 1: expected bytes, str or None, found int", payloads=[None, 7], kind=nearline.BadInputError)


class Filters(Case):
    def setUp(self):
        super().setUp()
        self.records = self.index(line(100), attributes=said(100))

    def test_a_search_finds_only_what_matches(self):
        found = self.records.search(line(1), k=3, filter="lang = 'de' and year > 1910", explain=True)
        self.assertEqual((found.ids.tolist(), found.matches), ([[11, 13, 15]], 45))
        self.assertEqual(len(found.explanation), 1)
        plain = self.records.search(line(1), k=3)
        self.assertEqual((plain.matches, plain.explanation), (100, []))

    def test_a_large_batch_goes_by_one_filter(self):
        queries = np.repeat(line(100), 6, 0)
        found = self.records.search(queries, k=1, filter="new", explain=True)
        self.assertEqual((found.matches, found.ids.max(), len(found.explanation)), (10, 9, 1))

    def test_matches_are_counted_and_listed(self):
        self.assertEqual((self.records.count("tags has 'bio/*' and new"), self.records.count()), (6, 100))
        self.assertEqual(self.records.matching_ids("price is null and new").tolist(), [1, 3, 5, 7, 9])
        self.assertEqual(self.records.matching_ids("year = 3").dtype, np.uint64)

    def test_an_evaluation_takes_a_filter(self):
        truth = self.records.search(line(100), k=3, filter="new", exact=True)
        self.assertEqual(self.records.evaluate(line(100), truth, k=3, filter="new").recall, 1)

    def test_bad_filters_are_refused_in_words(self):
        for call in (lambda filter: self.records.search(line(1), filter=filter), self.records.count, self.records.matching_ids,
                     lambda filter: self.records.range_search(line(1), 1, filter=filter),
                     lambda filter: self.records.cursor(line(1)[0], filter=filter).next(),
                     lambda filter: self.records.search_page(line(1)[0], filter=filter)):
            self.fails(nearline.InvalidArgumentError, "did you mean 'year'?", call, "yaer = 3")
            self.fails(nearline.InvalidArgumentError, "filter, byte 6", call, "year >")
            self.fails(TypeError, "expected an expression", call, 7)
        self.fails(TypeError, "'filter'", self.records.search, line(1), fliter="new")


class Ranges(Case):
    def test_all_within_a_radius_are_found(self):
        index = self.index(line(100), attributes=said(100))
        ids, distances, offsets = index.range_search(line(100)[[0, 50]], 8.0 * 4, stats=True)
        self.assertEqual((ids.tolist(), offsets.tolist()), ([0, 1, 2, 50, 49, 51, 48, 52], [0, 3, 8]))
        self.assertEqual(distances[:3].tolist(), [0, 8, 32])
        found = index.range_search(line(1)[0], 8 * 100, max_results=2, filter="year != 1900", stats=True)
        self.assertEqual((found.ids.tolist(), found.cut.tolist(), len(found.stats)), ([1, 2], [True], 1))
        self.assertLess(found.complete_to[0], 800)
        self.assertEqual([len(ids) for ids, _ in index.range_search(line(2), 8).rows()], [2, 3])
        self.assertEqual(index.range_search(line(2), 8).of(1)[0].tolist(), [1, 0, 2])

    def test_a_large_batch_is_answered_as_its_parts_are(self):
        index, queries = self.index(cloud(1000)), cloud(600, seed=2)
        whole = index.range_search(queries, 12, exact=True, max_results=3, stats=True)
        parts = [index.range_search(queries[at:at + 100], 12, exact=True, max_results=3) for at in range(0, 600, 100)]
        self.assertGreater(len(whole.ids), 100)
        self.assertEqual(whole.ids.tolist(), np.concatenate([part.ids for part in parts]).tolist())
        self.assertEqual([len(whole.of(i)[0]) for i in range(600)], [len(part.of(i)[0]) for part in parts for i in range(100)])
        self.assertEqual((whole.cut.shape, whole.complete_to.shape, whole.stats.shape), ((600,), (600,), (600,)))
        queries[500, 3] = np.nan
        self.fails(nearline.BadInputError, "query 500", index.range_search, queries, 12)

    def test_bad_radii_are_refused_in_words(self):
        index = self.index(line(100))
        for radius in (-1, float("nan")):
            self.fails(nearline.InvalidArgumentError, "radius", index.range_search, line(1), radius)
        self.fails(nearline.InvalidArgumentError, "max_results", index.range_search, line(1), 1, max_results=0)
        self.fails(TypeError, "'max_results'", index.range_search, line(1), 1, max_result=1)


class Pages(Case):
    def test_a_cursor_gives_all_answers_in_order(self):
        index = self.index(line(100), attributes=said(100))
        pages = list(index.cursor(line(1)[0], k=30, filter="year < 1970"))
        self.assertEqual([len(ids) for ids, _ in pages], [30, 30, 10])
        self.assertEqual(np.concatenate([page.ids for page in pages]).tolist(), list(range(70)))
        self.assertEqual([page.end for page in pages], [False, False, True])
        cursor = index.cursor(line(1)[0])
        index.close()  # the cursor lives on
        self.assertEqual((cursor.next().ids.tolist(), cursor.next(3).ids.tolist()), (list(range(10)), [10, 11, 12]))
        self.assertEqual(cursor.next().stats.shape, (1,))
        self.fails(nearline.InvalidArgumentError, "n of 0", cursor.next, 0)

    def test_a_token_goes_on_in_another_process(self):
        index, token, seen = self.index(line(25)), "", []
        while True:
            page = index.search_page(line(1)[0], 10, token)
            seen += page.ids.tolist()
            token = page.next
            if page.end:
                break
        self.assertEqual((seen, token), (list(range(25)), ""))
        self.fails(nearline.InvalidArgumentError, "token", index.search_page, line(1)[0], 10, "no token")

    def test_threads_that_share_a_cursor_take_turns(self):
        cursor, seen = self.index(cloud(500)).cursor(cloud(1)[0], k=10, exact=True), []
        threads = [threading.Thread(target=lambda: seen.extend(cursor.next().ids.tolist())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(seen), len(set(seen))), (80, 80))

    def test_one_query_at_a_time(self):
        index = self.index(line(100))
        for call in (index.cursor, index.search_page):
            self.fails(nearline.InvalidArgumentError, "", call, line(2))
        index.close()
        for call in (lambda: index.cursor(line(1)), lambda: index.count("x"), lambda: index.range_search(line(1), 1),
                     lambda: index.matching_ids("x"), lambda: index.get(1, vectors=False, payloads=True)):
            self.fails(ValueError, "closed", call)


class Writing(Case):
    def test_records_come_and_go_with_what_they_say(self):
        index = self.index(line(100), attributes=said(100))
        with nearline.writer("test.near") as w:
            w.insert(line(2), attributes=[{"year": 3000, "tags": {"a"}}, {"lang": "fr"}], payloads=[b"\0", None])
            w.upsert(line(1)[0], 3, attributes={"year": 3001, "tags": ["b", "a"]}, payloads="one")
            self.fails(nearline.InvalidArgumentError, "not committed", w.delete, filter="new")
            w.commit()
            self.assertEqual(w.delete(filter="year between 1950 and 1989"), (40, 0))
        index.refresh()
        self.assertEqual(len(index), 62)
        found = index.get([100, 101, 3], attributes=["year", "lang", "tags"], payloads=True)
        self.assertEqual(found.attributes, [{"year": 3000, "lang": None, "tags": ["a"]}, {"year": None, "lang": "fr", "tags": None},
                                            {"year": 3001, "lang": None, "tags": ["a", "b"]}])
        self.assertEqual(found.payloads, [b"\0", b"", b"one"])

    def test_what_is_refused_leaves_nothing_behind(self):
        self.index(line(100), attributes=said(100))
        with nearline.writer("test.near") as w:
            self.fails(nearline.InvalidArgumentError, "expected 1 values", w.insert, line(1), attributes={"year": [1, 2]})
            self.fails(nearline.BadInputError, "expected i64", w.insert, line(1), attributes=[{"year": "x"}])
            self.fails(nearline.InvalidArgumentError, "did you mean 'year'?", w.upsert, line(1), [1], attributes=[{"yaer": 1}])
            self.fails(nearline.InvalidArgumentError, "one of them", w.delete)
            self.fails(nearline.InvalidArgumentError, "one of them", w.delete, [1], filter="new")
            self.fails(TypeError, "expected an expression", w.delete, filter=7)
            self.assertFalse(w.dirty)


if __name__ == "__main__":
    unittest.main()
