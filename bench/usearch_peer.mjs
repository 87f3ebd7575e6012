// SPDX-License-Identifier: Apache-2.0
// The question: what does USearch give on the same rows and queries, its file mapped by `view`?
//   node usearch_peer.mjs MODULES build  BASE INDEX METRIC M EXPANSION_ADD THREADS
//   node --expose-gc usearch_peer.mjs MODULES search INDEX QUERIES TRUTH METRIC K EXPANSION[,EXPANSION...] THREADS SECONDS
// MODULES is the folder where `npm install usearch` put node_modules. Prints what bench/peer.h says, in the same way.
// The package's own class turns all vectors into f32, and from there to i8 by scaling each to norm 1, which changes l2;
// its native part takes i8 as it is. So u8 rows become i8 by subtracting 128, which leaves l2 alone.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const HIGHEST = 0.995, STANDS_STILL = 0.0005;  // as in peer.cc
const BLOCK = 16384;  // rows in memory at once
const COMPONENT_BYTES = { ".u8bin": 1, ".hbin": 2, ".fbin": 4 };

const [modules, phase, ...words] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, "package.json"));
const root = path.join(path.resolve(modules), "node_modules", "usearch");
const { CompiledIndex } = require("node-gyp-build")(root);

/** The f32 value of each f16. */
function halfTable() {
  return Float32Array.from({ length: 65536 }, (_, bits) => {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return bits & 32768 ? -size : size;
  });
}

/** A file of vectors: `read` gives rows as the index takes them, `scalar` is what it keeps of them. */
function openVectors(file, metric) {
  const type = path.extname(file), descriptor = openSync(file), header = new Uint32Array(2);
  if (!(type in COMPONENT_BYTES)) throw new Error(`${file}: expected one of ${Object.keys(COMPONENT_BYTES)}`);
  readSync(descriptor, header, 0, 8, 0);
  const [rows, dim] = header, rowBytes = dim * COMPONENT_BYTES[type], halves = type === ".hbin" ? halfTable() : null;
  const integers = type === ".u8bin" && metric === "l2";
  const read = (first, count) => {
    const bytes = new Uint8Array(count * rowBytes);
    if (readSync(descriptor, bytes, 0, bytes.length, 8 + first * rowBytes) !== bytes.length)
      throw new Error(`${file}: expected ${rows} rows, the file is shorter`);
    if (integers) return Int8Array.from(bytes, (value) => value - 128);
    if (type === ".u8bin") return Float32Array.from(bytes);
    if (type === ".fbin") return new Float32Array(bytes.buffer);
    return Float32Array.from(new Uint16Array(bytes.buffer), (bits) => halves[bits]);
  };
  const scalar = integers ? "i8" : type === ".hbin" ? "f16" : "f32";
  return { scalar, rows, dim, read, close: () => closeSync(descriptor) };
}

function makeIndex(dim, metric, scalar, connectivity, expansionAdd, expansionSearch) {
  const name = { l2: "l2sq", ip: "ip", cosine: "cos" }[metric];
  return new CompiledIndex(dim, name, scalar, connectivity, expansionAdd, expansionSearch, false);
}

const print = (line) => console.log(JSON.stringify({ engine: "usearch", phase, ...line }));

function build([base, file, metric, m, expansion, threads]) {
  const vectors = openVectors(base, metric);
  const index = makeIndex(vectors.dim, metric, vectors.scalar, Number(m), Number(expansion), 0);
  for (let first = 0; first < vectors.rows; first += BLOCK) {
    const count = Math.min(BLOCK, vectors.rows - first);
    const keys = BigUint64Array.from({ length: count }, (_, i) => BigInt(first + i));
    index.add(keys, vectors.read(first, count), Number(threads));
  }
  index.save(file);
  vectors.close();
  print({ rows: vectors.rows, threads: Number(threads), scalar: vectors.scalar });
}

/** For each query the rows that count as a hit: the true k, and whatever is exactly as near as the k-th. */
function readTruth(file, k) {
  const { buffer, byteOffset } = readFileSync(file);
  const [queries, width] = new Uint32Array(buffer, byteOffset, 2);
  const ids = new Uint32Array(buffer, byteOffset + 8, queries * width);
  const scores = new Float32Array(buffer, byteOffset + 8 + queries * width * 4, queries * width);
  return (q) => {
    const at = q * width;
    let good = k;
    while (good < width && scores[at + good] === scores[at + k - 1]) ++good;
    return ids.subarray(at, at + good);
  };
}

function recallOf(found, hits, queries, k) {
  let good = 0;
  for (let q = 0; q < queries; ++q) {
    const right = new Set(hits(q));
    for (let i = 0; i < k; ++i) good += right.has(Number(found[q * k + i]));
  }
  return good / (queries * k);
}

/** Bytes that this process had read from a disk. */
const readBytes = () => Number(/^read_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))[1]);

/** All queries, one after the other; on one thread each is a call of its own, so that it can be timed. */
function pass(index, queries, all, k, threads) {
  if (threads > 1) return { found: index.search(all, k, threads)[0], microseconds: null };
  const found = new BigUint64Array(queries.rows * k), microseconds = new Float64Array(queries.rows);
  for (let q = 0; q < queries.rows; ++q) {
    const start = process.hrtime.bigint();
    found.set(index.search(all.subarray(q * queries.dim, (q + 1) * queries.dim), k, 1)[0], q * k);
    microseconds[q] = Number(process.hrtime.bigint() - start) / 1e3;
  }
  return { found, microseconds: microseconds.sort() };
}

async function search([file, queryFile, truthFile, metric, kText, efforts, threadText, seconds]) {
  const k = Number(kText), threads = Number(threadText);
  const queries = openVectors(queryFile, metric), all = queries.read(0, queries.rows), hits = readTruth(truthFile, k);
  let before = 0, warm = false;
  for (const effort of efforts.split(",").map(Number)) {
    // The effort is fixed when an index is made; making one maps the file anew. What is stored is told by the file.
    let index = makeIndex(queries.dim, metric, queries.scalar, 0, 0, effort);
    index.view(file);
    if (!warm) pass(index, queries, all, k, threads);
    warm = true;
    const read = readBytes(), start = performance.now();
    let asked = 0, last;
    do {
      last = pass(index, queries, all, k, threads);
      asked += queries.rows;
    } while (performance.now() - start < Number(seconds) * 1e3);
    const qps = (asked * 1e3) / (performance.now() - start), recall = recallOf(last.found, hits, queries.rows, k);
    const at = (share) => last.microseconds?.[Math.floor(queries.rows * share)];
    print({ L: effort, k, recall, qps, p50_us: at(0.5), p99_us: at(0.99), threads,
            reads_per_query: (readBytes() - read) / 4096 / asked, rss_bytes: process.memoryUsage.rss() });
    if (recall >= HIGHEST || recall < before + STANDS_STILL) return;
    before = recall;
    index = null;  // unmapped only when collected; two mappings would count twice as resident
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
}

try {
  await ({ build, search })[phase](words);
} catch (error) {
  console.error(`usearch_peer: ${error.message}`);
  process.exitCode = 1;
}
