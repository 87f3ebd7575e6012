#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chooses the sentences of the demo: definitions of the words that WordNet met most often, and queries for them.

Writes sentences.texts.jsonl ({"words", "text"} per row of the base) and adds WordNet's own usage examples of words
that are not in the base to the queries of OWN_QUERIES. Run once, by hand, before embed_sentences.mjs.

    choose_sentences.py WORDNET_FOLDER OUTPUT_FOLDER       (Debian 12: package wordnet-base, its share/wordnet folder)
"""
import json
import re
import sys
from pathlib import Path

SHARES = (("noun", 3000), ("verb", 600), ("adj", 400))
EXAMPLES = 52
# Things that the queries below ask for, and that are too rare in WordNet's tagged texts to be taken by frequency.
WANTED = """
airport auction bedroom bicycle bird bone camera cat clock dentist dictionary doctor dog drum ferry
garlic guitar hospital jeweler king library lightning mathematics milk moonlight mosque mountain
novelist ocean orchestra palace pilot priest queen rain refrigerator screen shopping skeleton snow
tax temple thief toothache uncle violin volcano voyage whisper
""".split()
OWN_QUERIES = """\
a large body of salt water
a machine that flies through the air and carries people
the person who treats sick people
the season when the snow falls
a building where books are kept and lent
something you sleep on
an animal that barks and guards the house
the meal you eat in the morning
a device for measuring time
the star that the earth goes around
a place where children learn
water that falls from the clouds
the organ that pumps blood through the body
a sweet substance made by bees
the science of numbers
a person who writes novels
money that you pay to the government
a vehicle with two wheels that you pedal
the feeling of great happiness
a fight between the armies of nations
a piece of furniture with a flat top and legs
the colour of blood
to move quickly on foot
to put words on paper
not warm at all
extremely large
a room where food is cooked
the hard white parts of the body that hold it up
a public sale to the highest bidder
the man who rules a country by birth
someone who steals
a stringed musical instrument
the part of the day when it is dark
a high natural elevation of the earth
a group of people who play music together
the study of the past
a building where people pray
to speak very softly
a long journey by ship
the liquid that mammals give their young
a place where aircraft take off and land
a person who lives near you
paper money and coins
the light of the moon
to buy food and clothes
a doctor for your teeth
a flat surface on which pictures are shown
the brother of your father
"""


def senses(folder: Path, part: str) -> dict[int, dict]:
    """Synsets by offset: words, definition, examples."""
    found = {}
    for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue
        head, gloss = line.split("|", 1)
        fields = head.split()
        words = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
        found[int(fields[0])] = {
            "words": ", ".join(re.sub(r"\((a|p|ip)\)$", "", word) for word in words),
            "text": re.split(r';\s*"', gloss.strip())[0].strip(),
            "examples": re.findall(r'"([^"]*)"', gloss),
        }
    return found


def by_frequency(folder: Path, part: str) -> list[int]:
    """Synsets of the part by offset: the first senses of WANTED, then those most frequent in tagged texts."""
    offsets = {}
    for line in (folder / f"index.{part}").read_text(encoding="utf-8").splitlines():
        if not line.startswith("  "):
            fields = line.split()
            offsets[fields[0]] = [int(word) for word in fields[-int(fields[2]):]]
    number = {"noun": "1", "verb": "2", "adj": "35"}[part]
    counts: dict[int, int] = {}
    for line in (folder / "cntlist.rev").read_text(encoding="utf-8").splitlines():
        key, sense, count = line.split()
        lemma, kind = key.split("%")
        if kind[0] in number and int(sense) <= len(offsets.get(lemma, [])):
            offset = offsets[lemma][int(sense) - 1]
            counts[offset] = counts.get(offset, 0) + int(count)
    wanted = [offsets[word][0] for word in WANTED] if part == "noun" else []
    return list(dict.fromkeys(wanted + sorted(counts, key=lambda offset: (-counts[offset], offset))))


def main() -> None:
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    rows, examples, seen = [], [], set()
    for part, share in SHARES:
        synsets, taken = senses(folder, part), 0
        for offset in by_frequency(folder, part):
            synset = synsets[offset]
            if taken == share:  # the next most frequent ones lend their usage examples to the queries
                examples += [text for text in synset["examples"] if 25 < len(text) < 70][:1]
            elif synset["text"] not in seen:
                seen.add(synset["text"])
                rows.append({"words": synset["words"], "text": synset["text"]})
                taken += 1
    queries = OWN_QUERIES.splitlines() + examples[:: len(examples) // EXAMPLES][:EXAMPLES]
    with open(output / "sentences.texts.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (output / "sentences.query-texts.txt").write_text("".join(query + "\n" for query in queries), encoding="utf-8")
    print(f"{len(rows)} sentences, {len(queries)} queries")


if __name__ == "__main__":
    main()
