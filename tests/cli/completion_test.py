# SPDX-License-Identifier: Apache-2.0
"""Shells complete the command's words, and each of its commands has a manual page."""
import re
import shutil
import subprocess
from pathlib import Path

import support
from support import CliTest

ROOT = Path(__file__).resolve().parents[2]


class Completion(CliTest):
    def commands(self) -> list[str]:
        return re.findall(r"^  ([a-z]+) {2,}", self.good("--help").split("\nSubcommands:\n")[1], re.MULTILINE)

    def shell(self, *command: str, needs: str) -> list[str]:
        """What a shell prints, by lines; skips the test where it is not installed."""
        if shutil.which(needs) is None:
            self.skipTest(f"{needs} is not installed")
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout.splitlines()

    def bash(self, *words: str) -> list[str]:
        """What bash offers for the last of these words."""
        self.put("bash", self.good("completion", "bash"))
        script = 'source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nearline; printf "%s\\n" "${COMPREPLY[@]}"'
        return self.shell("bash", "-c", script, "bash", *words, needs="bash")

    def test_bash_knows_commands_options_and_their_words(self):
        self.assertEqual(set(self.bash("nearline", "")), {*self.commands(), "help", "completion", "--help", "--version"})
        self.assertEqual(self.bash("nearline", "sea"), ["search"])
        self.assertEqual(self.bash("nearline", "help", "ver"), ["verify"])
        self.assertEqual(self.bash("nearline", "build", "--metric", ""), ["l2", "ip", "cosine", "hamming", "jaccard"])
        self.assertEqual(self.bash("nearline", "build", "--metric", "j"), ["jaccard"])
        self.assertEqual(self.bash("nearline", "completion", "z"), ["zsh"])
        for command in self.commands():
            offered = set(self.bash("nearline", command, "-"))
            self.assertLessEqual(set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", self.good(command, "--help"), re.MULTILINE)), offered)

    def test_bash_falls_back_to_files_with_spaces(self):
        self.put("my vectors.fbin", "")
        self.assertEqual(self.bash("nearline", "build", "my"), ["my vectors.fbin"])

    def test_fish_knows_the_same(self):
        self.put("fish", self.good("completion", "fish"))
        ask = lambda line: [found.split("\t")[0] for found in self.shell(
            "fish", "--no-config", "-c", f"source ./fish; complete -C '{line}'", needs="fish")]
        self.assertEqual(ask("nearline sear"), ["search"])
        self.assertEqual(ask("nearline build --layout "), ["auto", "fused", "lean"])
        self.assertIn("--filter", ask("nearline search --fil"))

    def test_zsh_takes_the_script(self):
        self.put("_nearline", self.good("completion", "zsh"))
        found = self.shell("zsh", "-fc", f"fpath=({self.folder} $fpath); autoload -U compinit; compinit -u -d ./dump; autoload +X _nearline; "
                           "print $_comps[nearline] $+functions[_nearline]", needs="zsh")
        self.assertEqual(found, ["_nearline 1"])

    def test_other_shells_are_refused(self):
        self.bad(1, "completion", says="completion: expected bash, zsh or fish, found nothing")
        self.bad(1, "completion", "tcsh", says="completion: expected bash, zsh or fish, found 'tcsh'")
        self.bad(1, "completion", "bash", "zsh", says="found 2 words")

    def test_each_command_has_a_manual_page(self):
        text = (ROOT / "tools" / "man" / "meson.build").read_text(encoding="utf-8")
        listed = re.findall(r"^  '([a-z]+)',$", text, re.MULTILINE)
        self.assertEqual(listed, sorted(self.commands()))
        if shutil.which("help2man") is None:
            self.skipTest("help2man is not installed")
        made = self.folder / "nearline-build.1"
        subprocess.run([ROOT / "tools" / "man" / "man_page.py", "help2man", support.NEARLINE, made, "build"], check=True)
        page = made.read_text(encoding="utf-8")
        for word in ("nearline-build \\- make an index from a file of vectors", ".SH SYNOPSIS", "\\fB\\-\\-output\\fR FILE"):
            self.assertIn(word, page)


support.main()
