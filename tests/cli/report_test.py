# SPDX-License-Identifier: Apache-2.0
"""The page that report makes: whole, self-contained, with the figures of the index; or no page at all."""
import os
import re
import signal
import struct
import subprocess
import time
import xml.etree.ElementTree as xml

import support
from support import CliTest, fbin, ibin, u8bin, vectors

QUICK = ("-L", "10,20,40", "--sample", "30")


class Report(CliTest):
    def page(self, *words):
        """Makes the page; returns its text and its root element."""
        self.assertEqual(self.good("report", *words, "-o", "page.html", "--force"), "page.html\n")
        text = (self.folder / "page.html").read_text(encoding="utf-8")
        return text, xml.fromstring(text.removeprefix("<!DOCTYPE html>"))

    def tables(self, root):
        """Each table as rows of texts, under the heading of its section."""
        found = {}
        for part in root.iter("section"):
            rows = [["".join(cell.itertext()) for cell in row] for row in part.iter("tr")]
            found[part.find("h2").text] = rows
        return found

    def others(self, name):
        """The ids in each row of a file of neighbours, without the row itself."""
        raw = (self.folder / name).read_bytes()
        rows, k = struct.unpack_from("<II", raw)
        ids = struct.unpack_from(f"<{rows * k}I", raw, 8)
        return [set(ids[row * k:row * k + k]) - {row} for row in range(rows)]

    def test_the_page_holds_what_info_and_eval_say(self):
        index = self.index(rows=900, dim=8)
        self.put("queries.fbin", fbin(vectors(40, 8, seed=2)))
        self.good("truth", "rows.fbin", "queries.fbin", "-k", "10", "-o", "truth.ibin")
        [info] = self.good_json("info", index, "--json")
        lines = self.good_json("eval", index, "queries.fbin", "--truth", "truth.ibin", "-L", "10,20,40", "--json")
        found_truth = self.page(index, "--queries", "queries.fbin", *QUICK)[1]
        text, root = self.page(index, "--queries", "queries.fbin", "--truth", "truth.ibin", *QUICK)
        for part in [found_truth, root]:
            speed = self.tables(part)["Recall and speed"]
            self.assertEqual([row[:2] for row in speed[1:]], [[str(line["L"]), f"{line['recall']:.4f}"] for line in lines])
        tables = self.tables(root)
        facts = {row[0]: row[1] for row in tables["The file"]}
        self.assertEqual(facts["file id"], info["file_id"])
        self.assertEqual((facts["degree (-R)"], facts["--l-build"], facts["--alpha"]), ("32", "100", "1.2"))
        self.assertIn("40 queries from queries.fbin.", text)
        self.assertEqual(root.find("body/main/header/h1").text, index)
        for heading in ["Recall and page reads", "Latency"]:
            self.assertEqual([row[0] for row in tables[heading][1:]], ["10", "20", "40"])
        for row in tables["Latency"][1:]:
            figures = [float(cell.replace(",", "")) for cell in row[2:]]
            self.assertEqual(figures, sorted(figures))
            self.assertGreater(figures[0], 0)
        self.assertEqual([row[0] for row in tables["Memory"][-2:]], ["in use", "allowed by --memory"])
        self.assertIn("900", "".join(root.find("body/main/dl").itertext()))

    def test_the_histograms_count_every_record_and_page(self):
        index = self.index(rows=900, dim=8)
        [info] = self.good_json("info", index, "--json")
        _, root = self.page(index, *QUICK)
        counts = {}
        for figure in root.iter("figure"):
            rows = [[cell.text for cell in row] for row in figure.iter("tr")][1:]
            counts[figure.find("figcaption").text] = sum(int(row[1].replace(",", "")) for row in rows)
        self.assertEqual(counts["Edges out of a record"], 900)
        self.assertEqual(counts["Edges into a record"], 900)
        self.assertEqual(counts["Page fill"], -(-900 // info["records_per_page"]))
        self.assertEqual(counts["Dimensionality around a record"], 30)

    def test_the_page_needs_nothing_but_itself(self):
        text, root = self.page(self.index(rows=600, dim=8), *QUICK)
        self.assertNotIn("://", text)
        self.assertNotIn("@import", text)
        self.assertNotIn("url(", text)
        self.assertIn("prefers-color-scheme: dark", text)
        tags = {element.tag for element in root.iter()}
        self.assertFalse(tags & {"script", "link", "img", "iframe", "object", "embed", "base"})
        for element in root.iter():
            self.assertFalse({name for name in element.attrib if name in ("src", "href") or name.startswith("on")})

    def test_every_picture_has_a_name_labels_and_tooltips(self):
        _, root = self.page(self.index(rows=600, dim=8), *QUICK)
        pictures = list(root.iter("svg"))
        self.assertEqual(len(pictures), 9)
        for picture in pictures:
            self.assertEqual(picture.get("role"), "img")
            self.assertTrue(picture.get("aria-label"))
            self.assertGreater(len(list(picture.iter("title"))), 0)
            if picture.get("viewBox").startswith("0 0 560"):
                self.assertEqual(len([text for text in picture.iter("text") if text.get("class") == "axis"]), 2)

    def test_a_record_is_not_among_its_own_answers(self):
        index = self.index(rows=700, dim=8)  # the sample is all of it, in order of id
        self.good("search", index, "rows.fbin", "-k", "11", "--exact", "-o", "truth.ibin")
        self.good("search", index, "rows.fbin", "-k", "11", "-L", "11", "-o", "found.ibin")
        truth, found = (self.others(name) for name in ("truth.ibin", "found.ibin"))
        recall = sum(len(true & got) for true, got in zip(truth, found)) / 7000
        self.assertLess(recall, 0.9999)
        _, root = self.page(index, "-k", "10", "-L", "10", "--sample", "700")
        self.assertEqual(self.tables(root)["Recall and speed"][1][:2], ["10", f"{recall:.4f}"])
        self.put("two.fbin", fbin([[0.0, 0.0], [3.0, 4.0]]))
        self.good("build", "two.fbin", "-o", "two.near")
        _, root = self.page("two.near", "-k", "1")
        self.assertEqual({row[1] for row in self.tables(root)["Recall and speed"][1:]}, {"1.0000"})

    def test_every_type_metric_and_mode_has_a_page(self):
        for metric in ["l2", "ip", "cosine"]:
            text, _ = self.page(self.index(f"{metric}.near", rows=600, dim=8, metric=metric), *QUICK)
            self.assertEqual("Not taken: an inner product is not a distance" in text, metric == "ip")
        self.put("rows.bbin", support.counted(600, 16, bytes(b for row in range(600) for b in (row % 256, row * 7 % 256))))
        self.good("build", "rows.bbin", "-o", "bits.near")
        self.page("bits.near", *QUICK)
        self.put("rows.u8bin", u8bin([[3] * 8] * 600))  # nothing but copies
        self.good("build", "rows.u8bin", "-o", "copies.near")
        text, _ = self.page("copies.near", *QUICK)
        self.assertIn("it needs a sample of records with different neighbours", text)
        for io in ["mapped", "direct", "pread"]:
            text, _ = self.page("l2.near", *QUICK, "--io", io, "--memory", "4M", "--threads", "2", "--rank", "exact")
            self.assertIn("2 threads", text)
        self.assertIn("pread io, ranked by distance", text)

    def test_names_cannot_become_markup(self):
        name = "<b>&\"'\x07.near"
        os.rename(self.folder / self.index(rows=60), self.folder / name)
        _, root = self.page(name, *QUICK)
        self.assertEqual(root.find("body/main/header/h1").text, "<b>&\"'\ufffd.near")
        raw = os.path.join(os.fsencode(self.folder), b"\xff\xc3\xa9\xed\xa0\x80.near")
        os.rename(self.folder / name, raw)
        done = subprocess.run([support.NEARLINE, "report", raw, "-o", "page.html", "--force"], cwd=self.folder,
                              capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        root = xml.parse(self.folder / "page.html").getroot()
        self.assertEqual(root.find("body/main/header/h1").text, "\ufffd\u00e9" + 3 * "\ufffd" + ".near")

    def test_what_does_not_fit_is_refused_before_the_work(self):
        index = self.index(rows=60, dim=8)
        self.put("queries.fbin", fbin(vectors(5, 8, seed=2)))
        self.put("wide.fbin", fbin(vectors(5, 9)))
        self.put("bytes.u8bin", u8bin([[1] * 8]))
        self.put("none.fbin", support.counted(0, 8, b""))
        self.put("nan.fbin", fbin(vectors(90, 8) + [[float("nan")] * 8]))
        self.put("four.ibin", ibin([[0] * 10] * 4, [[0.0] * 10] * 4))
        self.put("narrow.ibin", ibin([[0] * 3] * 5, [[0.0] * 3] * 5))
        self.put("zero.fbin", support.counted(0, 8, b""))
        self.good("build", "zero.fbin", "-o", "empty.near")
        self.put("page.html", "precious")
        queries = ("--queries", "queries.fbin")
        for words, says in [
            (("none.near", "-o", "a.html"), "none.near"),
            ((index, "-o", "page.html"), ("page.html", "exists already")),
            ((index, "-o", "nowhere/a.html"), "nowhere"),
            ((index, "-o", "a.html", "--queries", "missing.fbin"), "missing.fbin"),
            ((index, "-o", "a.html", "--queries", "wide.fbin"), ("wide.fbin", "expected 8 as in the index, found 9")),
            ((index, "-o", "a.html", "--queries", "bytes.u8bin"), "bytes.u8bin"),
            ((index, "-o", "a.html", "--queries", "none.fbin"), "expected at least 1, found 0"),
            ((index, "-o", "a.html", "--queries", "nan.fbin"), ("nan.fbin", "query 90")),
            ((index, "-o", "a.html", *queries, "--truth", "missing.ibin"), "missing.ibin"),
            ((index, "-o", "a.html", *queries, "--truth", "four.ibin"), ("four.ibin", "expected 5", "found 4")),
            ((index, "-o", "a.html", *queries, "--truth", "narrow.ibin"), ("narrow.ibin", "k = 10, found 3")),
            ((index, "-o", "a.html", "--truth", "four.ibin"), "expected --queries"),
            ((index, "-o", "a.html", "--sample", "0"), "expected at least 1 record"),
            ((index, "-o", "a.html", "-k", "60"), "expected fewer than 60"),
            ((index, "-o", "a.html", *queries, "-k", "61"), "expected at most 60"),
            (("empty.near", "-o", "a.html"), "expected at least 1 to search for, found 0"),
        ]:
            with self.subTest(words):
                self.bad(1, "report", *words, says=says)
        self.assertEqual((self.folder / "page.html").read_text(), "precious")
        self.bad(1, "report", index, "-o", "a.html", "--memory", "1K", says=(index, "--memory"))

    def test_damage_in_any_page_is_found_and_leaves_no_page(self):
        index = self.index(rows=600, dim=8)
        raw = bytearray((self.folder / index).read_bytes())
        raw[8192 + 4096 + 50] ^= 1
        self.put(index, bytes(raw))
        self.bad(2, "report", index, "-o", "a.html", *QUICK, says=(index, "at byte"))

    def test_an_interrupt_leaves_no_page(self):
        index = self.index(rows=900, dim=8)
        before = sorted(os.listdir(self.folder))
        lengths = ",".join(str(l) for l in range(10, 800))
        tool = subprocess.Popen([support.NEARLINE, "report", index, "-o", "a.html", "-L", lengths, "--progress"],
                                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in tool.stderr:
            if re.match("measure", line):
                break
        time.sleep(0.1)
        tool.send_signal(signal.SIGINT)
        _, stderr = tool.communicate(timeout=60)
        self.assertEqual(tool.returncode, 130)
        self.assertRegex(stderr.splitlines()[-1], r"\Anearline: [^\n]+stopped")
        self.assertEqual(sorted(os.listdir(self.folder)), before)


if __name__ == "__main__":
    support.main()
