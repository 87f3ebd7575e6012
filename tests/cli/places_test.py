# SPDX-License-Identifier: Apache-2.0
"""Places: how they are written, asked for and refused, and the example of docs/capabilities.md."""
import json

import support
from support import CliTest, fbin, vectors

HOMES = [{"lat": 48.2, "lon": 16.37}, [48.3, 16.37], [-17.0, 179.99], {"lon": -179.99, "lat": -17.0}, [90, 0], [-90, 12.5], None, [0.1234567, -0.1]]


class Places(CliTest):
    def setUp(self):
        super().setUp()
        self.put("base.fbin", fbin(vectors(len(HOMES), 4)))
        self.put("base.jsonl", "".join(json.dumps({"home": home, "n": i}) + "\n" for i, home in enumerate(HOMES)))
        done = self.run_tool("build", "base.fbin", "-o", "x.near", "--attributes", "base.jsonl")
        self.assertEqual(done.stderr, "nearline: base.jsonl: attributes home place, n i64\n")

    def test_places_are_kept_asked_for_and_found(self):
        said = self.good_json("get", "x.near", "--ids", "0,3,6,7", "--attributes")
        self.assertEqual([one["home"] for one in said],
                         [{"lat": 48.2, "lon": 16.37}, {"lat": -17.0, "lon": -179.99}, None, {"lat": 0.1234567, "lon": -0.1}])
        for text, count in (("distance(home, 48.2, 16.37) < 5km", 1), ("distance(home, 48.2, 16.37) < 11.2 km", 2),
                            ("distance(home, -17, 180) <= 1100m", 2), ("distance(home, 90, 77) <= 0m", 1),
                            ("distance(home, 48.2, 16.37) > 5km", 6), ("not distance(home, 48.2, 16.37) >= 5km", 1)):
            self.assertEqual(int(self.good("count", "x.near", "--filter", text)), count, text)
        [found] = self.good_json("nearest", "x.near", "--by", "home", "--at=-17,-179.99", "-k", "2", "--json")
        self.assertEqual(([place["id"] for place in found["places"]], found["matches"], found["places"][0]["metres"]), ([3, 2], 7, 0))
        self.assertAlmostEqual(found["places"][1]["metres"], 2126.7, delta=0.1)
        self.good("compact", "x.near")
        self.good("salvage", "x.near", "-o", "y.near")
        self.good("verify", "y.near", "--full")
        self.assertEqual(self.good_json("get", "y.near", "--ids", "0", "--attributes")[0]["home"], HOMES[0])

    def test_what_is_no_place_is_one_clear_error(self):
        self.put("one.fbin", fbin(vectors(1, 4)))
        for home, says in (([91, 0], "latitude is not from -90 to 90"), ([0, 180.1], "longitude is not from -180 to 180"),
                           ([1, 2, 3], "'home': expected place"), (5, "'home': expected place"), ({"lat": 1}, "'home': expected place")):
            self.put("one.jsonl", json.dumps({"home": home}) + "\n")
            self.bad(1, "insert", "x.near", "one.fbin", "--attributes", "one.jsonl", says=says)
        near = ("nearest", "x.near")
        self.bad(1, *near, "--by", "home", "--at", "48.2", says="expected --by ATTRIBUTE and --at=LATITUDE,LONGITUDE")
        self.bad(1, *near, "--by", "n", "--at", "48.2,1", says="'n', which is i64: expected an attribute of type place")
        self.bad(1, *near, "--by", "home", "--at", "48.2,191", says="longitude is not from -180 to 180")
        self.bad(1, "count", "x.near", "--filter", "distance(home, 1, 2) < 5", says="expected 'm' or 'km'")
        self.bad(1, "count", "x.near", "--filter", "home = 1", says="expected 'distance(home, LATITUDE, LONGITUDE) < 5km'")

    def test_the_worked_example_is_true(self):
        root = support.GOLDEN.parent
        for name in ("sentences.base.hbin", "sentences.query.fbin"):
            self.put(name, (root / "data" / name).read_bytes())
        self.put("home.jsonl", "".join(json.dumps({"home": [-90 + i * 0.045, -180 + i * 97 % 360]}) + "\n" for i in range(4000)))
        self.assertEqual(self.worked_example("Places"), 4)


if __name__ == "__main__":
    support.main()
