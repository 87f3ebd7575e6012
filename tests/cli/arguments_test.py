# SPDX-License-Identifier: Apache-2.0
"""The words of the command line: every command explains itself, and refuses what it does not know."""
import os
import re

import support
from support import CliTest, fbin, vectors

COMMANDS = ["build", "search", "get", "insert", "delete", "compact", "snapshot", "salvage", "eval", "report", "truth", "info",
            "verify", "inspect", "profile", "clusters", "prototypes", "compare", "convert", "export", "estimate", "tune"]


class Arguments(CliTest):
    def test_every_command_has_help_with_an_example(self):
        self.assertIn("Exit status", self.good("--help"))
        for command in COMMANDS:
            with self.subTest(command):
                self.assertIn(f"Example:\n  nearline {command} ", self.good(command, "--help"))
                self.assertIn(f"\n  {command} ", self.good("--help"))

    def test_help_of_a_command_is_its_own_help(self):
        self.assertEqual(self.good("help"), self.good("--help"))
        self.assertIn("nearline help COMMAND", self.good("help"))
        for command in COMMANDS:
            self.assertEqual(self.good("help", command), self.good(command, "--help"))
        self.bad(1, "help", "serach", says=("expected one of build, create", "found serach - did you mean search?"))
        self.bad(1, "help", "build", "search", says="help: expected one command, found 2 words")

    def test_what_is_mistyped_is_told_with_what_was_meant(self):
        for words, says in [
            (("serach", "a", "b"), "found serach - did you mean search?"),
            (("insrt",), "did you mean insert?"),
            (("search", "a", "b", "--memry", "64M"), "found --memry - did you mean --memory?"),
            (("search", "a", "b", "--memry=64M"), "found --memry - did you mean --memory?"),
            (("search", "a", "b", "-memory", "64M"), "did you mean --memory?"),
            (("search", "a", "b", "--thread", "2"), "found --thread - did you mean --threads?"),
            (("search", "a", "b", "--reacll", "0.9"), "found --reacll - did you mean --recall?"),
            (("build", "a.fbin", "--outptu", "b.near"), "found --outptu - did you mean --output?"),
            (("build", "a.fbin", "-o", "b", "--meric", "ip"), "found --meric - did you mean --metric?"),
            (("--versoin",), "'nearline help' shows, found --versoin - did you mean --version?"),
        ]:
            with self.subTest(words):
                self.bad(1, *words, says=says)

    def test_what_is_like_nothing_is_told_without_a_guess(self):
        for words, says in [(("paint",), "found paint\n"), (("search", "a", "b", "--xyz"), "found --xyz\n"),
                            (("search", "a", "b", "-Q"), "found -Q\n"),
                            (("search", "a", "b", "--" + "x" * 10_000), "found --x"),
                            (("info", "a", "b"), "info: expected no more words than 'nearline help info' shows, found b\n"),
                            ]:
            with self.subTest(words):
                self.assertNotIn("did you mean", self.bad(1, *words, says=says).stderr)

    def test_options_that_contradict_each_other_are_refused(self):
        self.bad(1, "search", "a", "b", "-L", "64", "--recall", "0.9", says="search: expected -L or --recall, found both")
        self.bad(1, "eval", "a", "b", "--truth", "c", "--recall", "0.9", "-L", "10,20",
                 says="eval: expected -L or --recall, found both")

    def test_messages_name_the_option_that_helps(self):
        index = self.index()
        self.put("there.npy", "precious")
        for words in [("convert", "rows.fbin", "there.npy"), ("export", index, "-o", "there.npy"),
                      ("search", index, "rows.fbin", "-o", "there.npy"), ("build", "rows.fbin", "-o", index),
                      ("salvage", index, "-o", "there.npy"), ("compact", index, "-o", "there.npy")]:
            with self.subTest(words):
                self.bad(1, *words, says="(--force replaces it)")
        self.bad(1, "insert", index, "rows.fbin", "--ids", ",".join(map(str, range(59, 119))),
                 says=("rows.fbin", "id 59 already", "(--upsert replaces it)"))
        for words in [("build", "rows.fbin", "-o", "x.near"), ("search", index, "rows.fbin"),
                      ("insert", index, "rows.fbin"), ("compact", index), ("salvage", index, "-o", "x.near"),
                      ("eval", index, "rows.fbin", "--truth", "no.ibin"), ("report", index, "-o", "x.html")]:
            with self.subTest(words):
                self.bad(1, *words, "--memory", "1K", says=("memory bound of ", "(--memory says how much it may be)"))

    def test_the_version_names_the_file_format(self):
        self.assertRegex(self.good("--version"), r"^nearline \d+\.\d+\.\d+, file format \d+\.\d+\n$")

    def test_help_shows_the_defaults_of_the_contract(self):
        text = self.good("build", "--help")
        for words in ["-R,--degree N=32", "--l-build N=100", "--alpha X=1.2", "--memory SIZE=512M", "--seed N=1"]:
            self.assertIn(words, text)
        self.assertIn("--memory SIZE=64M", self.good("search", "--help"))
        self.assertIn("-k N=10", self.good("search", "--help"))
        self.assertIn("-L N,N,...=10,20,40,80", self.good("eval", "--help"))
        self.assertIn("-L N,N,...=10,15,20,30,40,60,80,120,160", self.good("report", "--help"))

    def test_options_of_features_that_do_not_exist_are_refused(self):
        for words in [("build", "a.fbin", "-o", "b", "--attributes", "c"), ("build", "a.fbin", "-o", "b", "--code-bytes", "8"),
                      ("search", "a", "b", "--filter", "x = 1"), ("search", "a", "b", "--radius", "1"),
                      ("search", "a", "b", "--prefix", "4"), ("search", "a", "b", "--recall", "0.9"),
                      ("build", "a.fbin", "-o", "b", "--layout", "wide")]:
            with self.subTest(words):
                self.bad(1, *words)

    def test_calls_that_make_no_sense_say_what_was_expected(self):
        for words, says in [
            ((), "expected one of build, create"),
            (("paint",), "found paint"),
            (("build",), "INPUT is required"),
            (("build", "a.fbin"), "--output is required"),
            (("info",), "or --system"),
            (("info", "a.near", "--system"), "or --system"),
            (("build", "a.fbin", "-o", "b", "--memory", "lots"), "expected a size such as 512M"),
            (("build", "a.fbin", "-o", "b", "--memory", "17000000T"), "expected a size"),
            (("build", "a.fbin", "-o", "b", "-R", "3"), "expected a number from 4 to 1024, found '3'"),
            (("build", "a.fbin", "-o", "b", "-R", "32x"), "found '32x'"),
            (("build", "a.fbin", "-o", "b", "--alpha", "nan"), "expected a number from 1 to 2"),
            (("build", "a.fbin", "-o", "b", "--metric", "manhattan"), "expected l2, ip, cosine"),
            (("build", "a.fbin", "-o", "b", "--type", "f64"), "expected f32, f16"),
            (("build", "a.fbin", "-o", "b", "--seed", "-1"), "whole number"),
            (("build", "a.fbin", "-o", ""), "expected the name of a file"),
            (("search", "a", "b", "-k", "0"), "expected a number from 1"),
            (("search", "a", "b", "--io", "magic"), "expected auto, mapped"),
            (("eval", "a", "b", "--truth", "c", "-L", "10,,20"), "expected numbers above 0"),
            (("eval", "a", "b", "--truth", "c", "--fail-below", "2"), "from 0 to 1"),
            (("report", "a"), "--output is required"),
            (("report", "a", "-o", "b", "-L", "0"), "expected numbers above 0"),
            (("insert", "a.near"), "INPUT is required"),
            (("insert", "a.near", "b.fbin", "--commit-every", "some"), "whole number"),
            (("delete", "a.near"), "expected --ids, or --filter"),
            (("compact",), "INDEX is required"),
            (("snapshot", "a.near"), "--output is required"),
            (("salvage", "a.near"), "--output is required"),
            (("estimate", "--count", "5", "--dim", "65536", "--type", "f32"), "from 1 to 65535"),
            (("estimate", "--count", "5", "--dim", "4"), "--type is required"),
        ]:
            with self.subTest(words):
                self.bad(1, *words, says=says)

    def test_sizes_may_be_written_in_three_ways(self):
        self.put("rows.fbin", fbin(vectors(30, 4)))
        for size in ["64M", "64MiB", str(64 << 20)]:
            self.good("build", "rows.fbin", "-o", "x.near", "--memory", size, "--force")

    def test_control_characters_in_a_name_do_not_break_the_line(self):
        self.bad(1, "info", "no\nsuch\x1b[31m", says="no?such?[31m")

    def test_an_unknown_target_of_kernels_is_refused_with_those_that_there_are(self):
        self.put("rows.fbin", fbin(vectors(30, 4)))
        self.good("build", "rows.fbin", "-o", "x.near")
        os.environ["NEARLINE_KERNELS"] = "ABACUS"
        self.addCleanup(os.environ.pop, "NEARLINE_KERNELS")
        for words in [("build", "rows.fbin", "-o", "y.near"), ("search", "x.near", "rows.fbin"), ("info", "x.near"),
                      ("insert", "x.near", "rows.fbin"), ("truth", "rows.fbin", "rows.fbin", "-o", "t.ibin"),
                      ("profile", "rows.fbin"), ("info", "--system"), ("info", "--system", "--json")]:
            with self.subTest(" ".join(words)):
                self.bad(1, *words, says='NEARLINE_KERNELS is "ABACUS": expected one of ')

    def test_info_system_describes_the_machine(self):
        self.assertIn("fused multiply-add", self.good("info", "--system"))
        self.assertRegex(self.good("info", "--system"), re.compile(r"^io_uring .*^kernels .*^processors +\d", re.M | re.S))
        [machine] = self.good_json("info", "--system", "--json")
        self.assertGreater(machine["processors"], 0)
        self.assertEqual(machine["io_uring"], machine["io_uring_reason"] == "")


if __name__ == "__main__":
    support.main()
