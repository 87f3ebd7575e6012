#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The question: does the picture that a crop was cut from get most votes, and are crops of unknown pictures told apart?

    bench/votes.py --data FOLDER [--nearline PROGRAM] [--neighbors 10] [--recall 0.95]

Descriptors of photographs (photo-votes): each of 100 crops, turned, scaled, recompressed, asks with 75 descriptors; 80 are of
pictures in the index, 10 of these mirrored, which SIFT does not survive; 20 are not of the index. Prints how often the right
picture comes first, by votes, by plain voting for the nearest descriptor's picture (the same program, exact, k of 1), and,
where a threshold on the first picture's score over the number of queries accepts, the share of crops that are accepted with
the right picture, at each share of unknown crops that are accepted too (a verification curve). Counts alone.
"""
import argparse
import json
import struct
import subprocess
import tempfile
from pathlib import Path


def run(program: str, folder: Path, *words) -> str:
    return subprocess.run([program, *map(str, words)], cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


def plain(owners: list[int], nearest: list[int], each: int) -> list[tuple[int, float]]:
    """The picture that owns most nearest descriptors of each crop, ties to the smaller, and its share of them."""
    best = []
    for first in range(0, len(nearest), each):
        votes: dict[int, int] = {}
        for row in nearest[first:first + each]:
            votes[owners[row]] = votes.get(owners[row], 0) + 1
        picture = min(votes, key=lambda p: (-votes[p], p))
        best.append((picture, votes[picture] / each))
    return best


def show(name: str, best: list[tuple[int, float]], crops: list[dict]) -> None:
    right = [picture == crop["picture"] for (picture, _), crop in zip(best, crops)]
    known = [i for i, crop in enumerate(crops) if crop["picture"] >= 0]
    straight = [i for i in known if not crops[i]["flip"]]
    print(f"{name}: right first {sum(right[i] for i in known)} of {len(known)}, "
          f"of those not mirrored {sum(right[i] for i in straight)} of {len(straight)}")
    unknown = sorted((score for (_, score), crop in zip(best, crops) if crop["picture"] < 0), reverse=True)
    for false in (0, 1, 2, 4):
        threshold = unknown[false]  # accepted above it: that many unknown crops
        accepted = sum(right[i] and best[i][1] > threshold for i in known)
        print(f"  {false} of {len(unknown)} unknown accepted (score above {threshold:.3f}): {accepted} of {len(known)} accepted and right")


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--data", type=Path, required=True, help="the folder of photo-votes.*")
    args.add_argument("--nearline", default="nearline")
    args.add_argument("--neighbors", type=int, default=10)
    args.add_argument("--recall", default="0.95")
    given = args.parse_args()
    data = given.data.resolve()

    def read(name: str) -> str:
        file = data / f"photo-votes.{name}"
        if file.exists():
            return file.read_text()
        return subprocess.run(["zstd", "-dc", f"{file}.zst"], check=True, text=True, stdout=subprocess.PIPE).stdout

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("base.u8bin", "query.u8bin"):
            file = data / f"photo-votes.{part}"
            if file.exists():
                (folder / part).symlink_to(file)
            else:
                subprocess.run(["zstd", "-qd", f"{file}.zst", "-o", folder / part], check=True)
        owners = [json.loads(line)["picture"] for line in read("attributes.jsonl").splitlines()]
        crops = [json.loads(line) for line in read("crops.jsonl").splitlines()]
        rows = [json.loads(line)["crop"] for line in read("query.jsonl").splitlines()]
        starts = [i for i in range(len(rows)) if i == 0 or rows[i] != rows[i - 1]] + [len(rows)]
        each = starts[1]
        assert starts == list(range(0, len(rows) + 1, each)), "crops of different numbers of rows"
        (folder / "pictures.jsonl").write_text("".join(f'{{"picture": {p}}}\n' for p in owners))
        (folder / "crops.u64bin").write_bytes(struct.pack(f"<II{len(starts)}Q", len(starts), 1, *starts))
        run(given.nearline, folder, "build", "base.u8bin", "-o", "x.near", "--attributes", "pictures.jsonl")
        asked = ("search", "x.near", "query.u8bin", "--json", "--io", "pread", "--threads", "1")
        lines = run(given.nearline, folder, *asked, "-k", 1, "--votes", "picture", "--vote-offsets", "crops.u64bin",
                    "--vote-neighbors", given.neighbors, "--recall", given.recall).splitlines()
        sets = [json.loads(line) for line in lines]
        best = [(line["groups"][0]["group"], line["groups"][0]["score"] / line["queries"]) if line["groups"] else (-1, 0.0)
                for line in sets]
        show(f"votes, {given.neighbors} groups a query, recall {given.recall}", best, crops)
        nearest = [json.loads(line)["ids"][0] for line in run(given.nearline, folder, *asked, "-k", 1, "--exact").splitlines()]
        show("nearest descriptor's picture, exact", plain(owners, nearest, each), crops)


if __name__ == "__main__":
    main()
