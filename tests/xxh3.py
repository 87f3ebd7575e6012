# SPDX-License-Identifier: Apache-2.0
"""XXH3 in plain Python, after the description that comes with xxHash 0.8: hash64 with seed, hash128 without.

Slow (about a megabyte a second) and meant to be read; `python3 xxh3.py` compares it with known results.
"""
import struct

MASK = (1 << 64) - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4, PRIME64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
RRMXMX = 0x9FB21C651E98DF25

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def swap32(x):
    return int.from_bytes(x.to_bytes(4, "little"), "big")


def swap64(x):
    return int.from_bytes(x.to_bytes(8, "little"), "big")


def rotate(x, by, bits):
    return (x << by | x >> (bits - by)) & ((1 << bits) - 1)


def fold(a, b):
    """The two halves of a 128-bit product, one upon the other."""
    product = a * b
    return (product & MASK) ^ (product >> 64)


def avalanche(h):
    h ^= h >> 37
    h = h * 0x165667919E3779F9 & MASK
    return h ^ h >> 32


def avalanche_64(h):
    """The last step of XXH64."""
    h = (h ^ h >> 33) * PRIME64_2 & MASK
    h = (h ^ h >> 29) * PRIME64_3 & MASK
    return h ^ h >> 32


def mix16(data, at, secret_at, seed):
    return fold(u64(data, at) ^ ((u64(SECRET, secret_at) + seed) & MASK),
                u64(data, at + 8) ^ ((u64(SECRET, secret_at + 8) - seed) & MASK))


# Inputs above 240 bytes: eight lanes over stripes of 64 bytes.

def accumulate(lanes, stripe, secret, secret_at):
    words = struct.unpack("<8Q", stripe)
    keys = struct.unpack_from("<8Q", secret, secret_at)
    for i in range(8):
        key = words[i] ^ keys[i]
        lanes[i ^ 1] = (lanes[i ^ 1] + words[i]) & MASK
        lanes[i] = (lanes[i] + (key & 0xFFFFFFFF) * (key >> 32)) & MASK


def long_lanes(data, secret):
    lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
    stripes_per_round = (len(secret) - 64) // 8
    stripes = (len(data) - 1) // 64
    for n in range(stripes):
        accumulate(lanes, data[64 * n:64 * n + 64], secret, n % stripes_per_round * 8)
        # After each full round of stripes, the last one excepted where it ends the input.
        if n % stripes_per_round == stripes_per_round - 1 and (n + 1) * 64 <= (len(data) - 1) // 1024 * 1024:
            keys = struct.unpack_from("<8Q", secret, len(secret) - 64)
            for i in range(8):
                lanes[i] = (lanes[i] ^ lanes[i] >> 47 ^ keys[i]) * PRIME32_1 & MASK
    accumulate(lanes, data[-64:], secret, len(secret) - 64 - 7)
    return lanes


def merge(lanes, secret, at, start):
    for i in range(0, 8, 2):
        start += fold(lanes[i] ^ u64(secret, at + 8 * i), lanes[i + 1] ^ u64(secret, at + 8 * i + 8))
    return avalanche(start & MASK)


def seeded_secret(seed):
    words = struct.unpack("<24Q", SECRET)
    return struct.pack("<24Q", *[(w + (seed if i % 2 == 0 else -seed)) & MASK for i, w in enumerate(words)])


def hash64(data, seed=0):
    """XXH3-64 as a number."""
    n = len(data)
    if n == 0:
        return avalanche_64(seed ^ u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        combined = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return avalanche_64(combined ^ ((u32(SECRET, 0) ^ u32(SECRET, 4)) + seed) & MASK)
    if n <= 8:
        seed ^= swap32(seed & 0xFFFFFFFF) << 32
        h = (u32(data, n - 4) + (u32(data, 0) << 32)) ^ ((u64(SECRET, 8) ^ u64(SECRET, 16)) - seed) & MASK
        h ^= rotate(h, 49, 64) ^ rotate(h, 24, 64)
        h = h * RRMXMX & MASK
        h = (h ^ ((h >> 35) + n)) * RRMXMX & MASK
        return h ^ h >> 28
    if n <= 16:
        low = u64(data, 0) ^ ((u64(SECRET, 24) ^ u64(SECRET, 32)) + seed) & MASK
        high = u64(data, n - 8) ^ ((u64(SECRET, 40) ^ u64(SECRET, 48)) - seed) & MASK
        return avalanche((n + swap64(low) + high + fold(low, high)) & MASK)
    if n <= 128:
        h = n * PRIME64_1
        for i in range((n - 1) // 32 + 1):
            h += mix16(data, 16 * i, 32 * i, seed) + mix16(data, n - 16 * i - 16, 32 * i + 16, seed)
        return avalanche(h & MASK)
    if n <= 240:
        h = n * PRIME64_1 + sum(mix16(data, 16 * i, 16 * i, seed) for i in range(8))
        h = avalanche(h & MASK) + sum(mix16(data, 16 * i, 16 * (i - 8) + 3, seed) for i in range(8, n // 16))
        return avalanche((h + mix16(data, n - 16, 136 - 17, seed)) & MASK)
    secret = seeded_secret(seed)
    return merge(long_lanes(data, secret), secret, 11, n * PRIME64_1 & MASK)


def mix32(low, high, data, first, second, secret_at):
    low = (low + mix16(data, first, secret_at, 0)) & MASK
    low ^= (u64(data, second) + u64(data, second + 8)) & MASK
    high = (high + mix16(data, second, secret_at + 16, 0)) & MASK
    high ^= (u64(data, first) + u64(data, first + 8)) & MASK
    return low, high


def medium128(low, high, n):
    total = low * PRIME64_1 + high * PRIME64_4 + n * PRIME64_2
    return avalanche((low + high) & MASK), -avalanche(total & MASK) & MASK


def halves128(data):
    n = len(data)
    if n == 0:
        return avalanche_64(u64(SECRET, 64) ^ u64(SECRET, 72)), avalanche_64(u64(SECRET, 80) ^ u64(SECRET, 88))
    if n <= 3:
        low = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        high = rotate(swap32(low), 13, 32)
        return (avalanche_64(low ^ u32(SECRET, 0) ^ u32(SECRET, 4)),
                avalanche_64(high ^ u32(SECRET, 8) ^ u32(SECRET, 12)))
    if n <= 8:
        keyed = (u32(data, 0) + (u32(data, n - 4) << 32)) ^ u64(SECRET, 16) ^ u64(SECRET, 24)
        product = keyed * (PRIME64_1 + (n << 2))
        low, high = product & MASK, product >> 64
        high = (high + (low << 1)) & MASK
        low ^= high >> 3
        low = (low ^ low >> 35) * RRMXMX & MASK
        return low ^ low >> 28, avalanche(high)
    if n <= 16:
        last = u64(data, n - 8)
        product = (u64(data, 0) ^ last ^ u64(SECRET, 32) ^ u64(SECRET, 40)) * PRIME64_1
        low = ((product & MASK) + ((n - 1) << 54)) & MASK
        last ^= u64(SECRET, 48) ^ u64(SECRET, 56)
        high = ((product >> 64) + last + (last & 0xFFFFFFFF) * (PRIME32_2 - 1)) & MASK
        low ^= swap64(high)
        product = low * PRIME64_2
        return avalanche(product & MASK), avalanche(((product >> 64) + high * PRIME64_2) & MASK)
    low, high = n * PRIME64_1 & MASK, 0
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            low, high = mix32(low, high, data, 16 * i, n - 16 * i - 16, 32 * i)
        return medium128(low, high, n)
    if n <= 240:
        for i in range(4):
            low, high = mix32(low, high, data, 32 * i, 32 * i + 16, 32 * i)
        low, high = avalanche(low), avalanche(high)
        for i in range(4, n // 32):
            low, high = mix32(low, high, data, 32 * i, 32 * i + 16, 3 + 32 * (i - 4))
        low, high = mix32(low, high, data, n - 16, n - 32, 136 - 17 - 16)
        return medium128(low, high, n)
    lanes = long_lanes(data, SECRET)
    return (merge(lanes, SECRET, 11, n * PRIME64_1 & MASK),
            merge(lanes, SECRET, len(SECRET) - 64 - 11, ~(n * PRIME64_2) & MASK))


def hash128(data):
    """XXH3-128 in the canonical form: 16 bytes, most significant first."""
    low, high = halves128(data)
    return high.to_bytes(8, "big") + low.to_bytes(8, "big")


def self_test():
    """Every length up to 300, and some longer, against what xxHash 0.8.1 gives for all of them together."""
    data = bytes(i * 7 + 3 & 255 for i in range(2200))
    results = b"".join(
        hash128(data[:n]) + struct.pack("<2Q", hash64(data[:n]), hash64(data[:n], 0x9E3779B97F4A7C15))
        for n in [*range(300), *range(300, 2200, 61)])
    assert hash64(b"") == 0x2D06800538D394C2
    assert hash128(results).hex() == "09517e03c91862afadfb1655bc49182b"


if __name__ == "__main__":
    self_test()
