// SPDX-License-Identifier: Apache-2.0
/// Columns and payloads as `nearline inspect` shows them.
#include <algorithm>
#include <cstdio>

#include "format/column_keys.h"
#include "format/inspect_sections.h"
#include "format/manifest_layout.h"
#include "format/payload.h"
#include "format/place_key.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kChunkBytes = 64 * 1024;
/// More that may be read behind packed numbers.
constexpr std::size_t kSlack = 16;

std::string indexed(const std::string& name, std::uint64_t i) {
  return name + "[" + std::to_string(i) + "]";
}

std::string key_text(AttributeType type, std::uint64_t key) {
  char text[40];
  switch (type) {
    case AttributeType::kI64: return std::to_string(i64_of(key));
    case AttributeType::kPlace: {
      const Place place = place_of(key);
      std::snprintf(text, sizeof text, "%.7f,%.7f", place.lat, place.lon);
      return text;
    }
    case AttributeType::kF64: std::snprintf(text, sizeof text, "%.17g", f64_of(key)); return text;
    case AttributeType::kBool: return key == 0 ? "false" : "true";
    default: return std::to_string(key);  // an entry of the dictionary
  }
}

class ColumnInspector {
 public:
  ColumnInspector(const Section& section, const ReadBytes& read, const std::string& prefix, const ItemSink& sink)
      : section_(section), read_(read), prefix_(prefix), sink_(sink) {}

  Result<void> inspect(AttributeType type, std::uint64_t rows) {
    NEARLINE_TRY(header, read_(section_.offset, sizeof(ColumnHeader)));
    inspect_struct(kColumnHeaderInfo, header, section_.offset, prefix_ + "column", sink_);
    NEARLINE_TRY(shape, decode_column(header, section_.length, type, rows, section_.offset));
    shape_ = shape;
    for (std::uint64_t i = 0; i < shape_.runs(); ++i) NEARLINE_CHECK(inspect_run(i));
    return shape_.has_dictionary() ? inspect_dictionary() : Result<void>{};
  }

 private:
  Result<void> inspect_run(std::uint64_t number) {
    const std::uint64_t at = section_.offset + shape_.runs_at() + number * sizeof(RunRow);
    NEARLINE_TRY(row, read_(at, sizeof(RunRow)));
    inspect_struct(kRunRowInfo, row, at, prefix_ + indexed("run", number), sink_);
    NEARLINE_TRY(run, decode_run(row_at<RunRow>(row, 0), shape_, number, section_.offset));
    NEARLINE_TRY(bytes, read_(section_.offset + run.offset, run.shape.bytes()));
    bytes.resize(bytes.size() + kSlack);
    NEARLINE_CHECK(unpack_run(run, bytes.data(), section_.offset, keys_));
    for (std::uint32_t i = 0; i < run.shape.rows; ++i) give_row(run, number * kRunRows + i, i);
    return {};
  }

  /// Stands at the byte in which its first key begins, or would.
  void give_row(const Run& run, std::uint64_t row, std::uint32_t i) {
    const bool value = keys_.has(i);
    const std::uint64_t begin = run.shape.tags ? keys_.begin_of(i) : (keys_.keys.empty() ? 0 : i);
    const std::uint64_t end = value ? keys_.end_of(i) : begin;
    std::string text = value ? "" : "null";
    for (std::uint64_t k = begin; k < end; ++k) {
      text += (k == begin ? "" : " ") + key_text(shape_.type, keys_.keys[k]);
    }
    const std::uint64_t bit = begin * run.shape.bits;
    sink_({section_.offset + run.offset + run.shape.keys_at() + bit / 8,
           (bit % 8 + (end - begin) * run.shape.bits + 7) / 8, prefix_ + indexed("row", row), std::move(text)});
  }

  Result<void> inspect_dictionary() {
    const std::uint64_t at = section_.offset + shape_.dictionary;
    std::uint64_t posted = 0;
    for (std::uint64_t i = 0; i <= shape_.entries; ++i) {
      const std::uint64_t place = at + i * sizeof(EntryRow);
      const bool last = i == shape_.entries;
      NEARLINE_TRY(bytes, read_(place, last ? sizeof(EntryRow) : 2 * sizeof(EntryRow)));
      inspect_struct(kEntryRowInfo, std::span(bytes).first(sizeof(EntryRow)), place, prefix_ + indexed("entry", i),
                     sink_);
      const auto entry = row_at<EntryRow>(bytes, 0);
      if (last) return inspect_postings(posted);
      posted = row_at<EntryRow>(bytes, sizeof(EntryRow)).posting;
      NEARLINE_CHECK(inspect_string(i, entry.string, row_at<EntryRow>(bytes, sizeof(EntryRow)).string));
    }
    return {};
  }

  Result<void> inspect_string(std::uint64_t i, std::uint64_t from, std::uint64_t to) {
    if (from > to || to > shape_.postings - shape_.strings) {
      return Error{.code = Code::kCorrupt,
                   .what = "a string of bytes " + std::to_string(from) + " to " + std::to_string(to),
                   .at = section_.offset + shape_.dictionary + i * sizeof(EntryRow)};
    }
    const std::uint64_t at = section_.offset + shape_.strings + from;
    NEARLINE_TRY(text, read_(at, to - from));
    sink_({at, to - from, prefix_ + indexed("text", i), quoted(text)});
    return {};
  }

  /// posted: rows in all postings together.
  Result<void> inspect_postings(std::uint64_t posted) {
    const unsigned bits = shape_.posting_bits();
    const std::uint64_t room = shape_.bytes - shape_.postings;
    if (posted > std::min(room, ~std::uint64_t{0} / 8) * 8 / std::max(bits, 1U)) {
      return Error{.code = Code::kCorrupt,
                   .what = std::to_string(posted) + " rows in the postings of " + std::to_string(room) + " bytes",
                   .at = section_.offset + shape_.postings};
    }
    for (std::uint64_t i = 0; i < posted; ++i) {
      const std::uint64_t bit = i * bits, at = section_.offset + shape_.postings + bit / 8;
      NEARLINE_TRY(bytes, read_(at, (bit % 8 + bits + 7) / 8));
      const std::size_t size = bytes.size();
      bytes.resize(size + kSlack);
      sink_({at, size, prefix_ + indexed("posting", i), std::to_string(packed_number(bytes.data(), bit % 8, bits))});
    }
    return {};
  }

  const Section& section_;
  const ReadBytes& read_;
  const std::string& prefix_;
  const ItemSink& sink_;
  ColumnShape shape_;
  RunKeys keys_;
};

}  // namespace

Result<void> inspect_column(const Manifest& manifest, const Section& section, const ReadBytes& read,
                            const std::string& prefix, const ItemSink& sink) {
  return ColumnInspector(section, read, prefix, sink)
      .inspect(manifest.attributes[section.field].type, manifest.segments[section.segment].count);
}

Result<void> inspect_payloads(const Manifest& manifest, const Section& section, const ReadBytes& read,
                              const std::string& prefix, const ItemSink& sink) {
  const std::uint64_t rows = manifest.segments[section.segment].count;
  NEARLINE_TRY(header, read(section.offset, sizeof(PayloadHeader)));
  inspect_struct(kPayloadHeaderInfo, header, section.offset, prefix + "payloads", sink);
  NEARLINE_TRY(frames, decode_payload_header(header, section.length, rows, section.offset));
  for (std::uint64_t i = 0; i < frames; ++i) {
    const std::uint64_t at = section.offset + sizeof(PayloadHeader) + i * sizeof(FrameRow);
    const bool last = i + 1 == frames;
    NEARLINE_TRY(bytes, read(at, last ? sizeof(FrameRow) : 2 * sizeof(FrameRow)));
    const std::string name = prefix + indexed("frame", i);
    inspect_struct(kFrameRowInfo, std::span(bytes).first(sizeof(FrameRow)), at, name, sink);
    const auto next = last ? FrameRow{} : row_at<FrameRow>(bytes, sizeof(FrameRow));
    NEARLINE_TRY(frame, decode_frame(row_at<FrameRow>(bytes, 0), last ? nullptr : &next, rows, section.length, at));
    for (std::uint64_t done = 0; done < frame.bytes; done += kChunkBytes) {
      const std::uint64_t place = section.offset + frame.offset + done;
      NEARLINE_TRY(data, read(place, std::min(kChunkBytes, frame.bytes - done)));
      sink({place, data.size(), indexed(name + ".data", done / kChunkBytes), hexadecimal(data)});
    }
  }
  return {};
}

}  // namespace nearline::format
