#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints "PASSED FAILED" for one testlog.json of Meson. A log without tests counts as one failure, a skip as neither."""
import json
import sys

GOOD = {"OK", "EXPECTEDFAIL"}
try:
    with open(sys.argv[1], encoding="utf-8") as log:
        results = [json.loads(line)["result"] for line in log if line.strip()]
except OSError:
    results = []
passed = sum(result in GOOD for result in results)
failed = sum(result not in GOOD and result != "SKIP" for result in results)
print(passed, failed if passed + failed > 0 else 1)
