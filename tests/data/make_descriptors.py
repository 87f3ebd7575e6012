#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes descriptors.base.u8bin and descriptors.query.u8bin: SIFT descriptors of free photographs.

Run once, by hand; the result is kept beside this script. It needs Debian 12's python3-opencv and the pictures of its
package python3-skimage (README.md here names each picture's licence). The pictures of the queries are not among those
of the base, as in use: a search brings a new picture to known ones.

    make_descriptors.py PICTURE_FOLDER OUTPUT_FOLDER
"""
import struct
import sys
from pathlib import Path

import cv2
import numpy

BASE = ["astronaut.png", "brick.png", "chelsea.png", "clock_motion.png", "grass.png", "gravel.png",
        "hubble_deep_field.jpg", "retina.jpg"]
QUERIES = ["camera.png", "coffee.png", "rocket.jpg"]
BASE_ROWS, QUERY_ROWS, SEED = 8000, 200, 1


def descriptors(folder: Path, names: list[str]) -> numpy.ndarray:
    """SIFT (Lowe, IJCV 2004) at OpenCV's usual settings but a lower contrast threshold; values 0..255 by definition."""
    sift = cv2.SIFT_create(contrastThreshold=0.015)
    rows = []
    for name in names:
        picture = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            sys.exit(f"{folder / name}: expected a picture, found none")
        _, found = sift.detectAndCompute(picture, None)
        print(f"{name}: {len(found)} descriptors")
        rows.append(found)
    return numpy.unique(numpy.concatenate(rows).astype(numpy.uint8), axis=0)


def main() -> None:
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    generator = numpy.random.default_rng(SEED)
    for part, names, count in (("base", BASE, BASE_ROWS), ("query", QUERIES, QUERY_ROWS)):
        rows = generator.permutation(descriptors(folder, names))[:count]
        if len(rows) < count:
            sys.exit(f"{part}: expected {count} rows, found {len(rows)}")
        header = struct.pack("<II", rows.shape[0], rows.shape[1])
        (output / f"descriptors.{part}.u8bin").write_bytes(header + rows.tobytes())


if __name__ == "__main__":
    main()
