// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/staged_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/columns/value_check.h"
#include "format/checksum.h"
#include "format/column.h"
#include "format/place_key.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kChunkBytes = 1u << 20;
constexpr std::uint64_t kLeastChunkRows = 64;
constexpr std::uint64_t kMostChunkRows = 4096;
constexpr std::uint64_t kFirstRead = 4096;  ///< of a payload, whose length is not known yet

/// Which value of a row each attribute has; -1: none.
std::vector<std::ptrdiff_t> places_of(const std::vector<Attribute>& attributes, const RecordData& data) {
  std::vector<std::ptrdiff_t> places(attributes.size(), -1);
  for (std::size_t a = 0; a < attributes.size(); ++a) {
    const auto found = std::ranges::find(data.names, attributes[a].name);
    if (found != data.names.end()) places[a] = found - data.names.begin();
  }
  return places;
}

void add_bytes(std::string& all, std::string_view text) {
  const std::uint64_t length = text.size();
  all.append(reinterpret_cast<const char*>(&length), sizeof length).append(text);
}

std::uint64_t f64_key(const Value& value) {
  const auto* const whole = std::get_if<std::int64_t>(&value);
  return format::key_of(whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value));
}

}  // namespace

StagedValues::StagedValues(std::vector<Attribute> attributes, io::FileSystem& fs, std::filesystem::path directory)
    : attributes_(std::move(attributes)),
      fs_(&fs),
      directory_(std::move(directory)),
      chunk_rows_(
          std::clamp(kChunkBytes / (columns() * sizeof(std::uint64_t)) / 64 * 64, kLeastChunkRows, kMostChunkRows)),
      strings_(attributes_.size()),
      lists_(attributes_.size()) {}

std::uint64_t StagedValues::chunk_bytes() const noexcept {
  return (columns() * chunk_rows_ + attributes_.size() * (chunk_rows_ / 64)) * sizeof(std::uint64_t);
}

std::uint64_t StagedValues::pool_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const StringPool& pool : strings_) bytes += pool.memory_bytes();
  for (const ListPool& pool : lists_) bytes += pool.memory_bytes();
  return bytes;
}

Result<void> StagedValues::check(const RecordData& data, std::size_t rows, std::uint64_t first) const {
  return check_values(data, rows, first, attributes_);
}

Result<void> StagedValues::make_files() {
  if (file_) return {};
  chunk_.resize(chunk_bytes() / sizeof(std::uint64_t));
  NEARLINE_TRY(cells, fs_->create_unnamed(directory_));
  NEARLINE_TRY(payloads, fs_->create_unnamed(directory_));
  file_ = std::move(cells);
  payloads_ = std::move(payloads);
  return {};
}

Result<void> StagedValues::store() {
  if (!changed_) return {};
  changed_ = false;
  return io::write_all(*file_, loaded_ * chunk_bytes(), std::as_bytes(std::span(chunk_)));
}

Result<void> StagedValues::load(std::uint64_t chunk) {
  if (chunk == loaded_) return {};
  NEARLINE_CHECK(store());
  loaded_ = chunk;
  NEARLINE_TRY(there, file_->size());
  if (chunk * chunk_bytes() < there) {
    return io::read_exact(*file_, chunk * chunk_bytes(), std::as_writable_bytes(std::span(chunk_)));
  }
  std::ranges::fill(chunk_, 0);
  return {};
}

std::uint64_t StagedValues::cell_of(std::size_t attribute, const Value& value) {
  switch (attributes_[attribute].type) {
    case AttributeType::kI64: return format::key_of(std::get<std::int64_t>(value));
    case AttributeType::kF64: return f64_key(value);
    case AttributeType::kBool: return std::get<bool>(value) ? 1 : 0;
    case AttributeType::kPlace: return format::key_of(std::get<Place>(value));
    case AttributeType::kString: return strings_[attribute].number_of(std::get<std::string>(value));
    case AttributeType::kTags: break;
  }
  std::vector<std::uint32_t> list;
  for (const std::string& tag : std::get<Tags>(value)) list.push_back(strings_[attribute].number_of(tag));
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return lists_[attribute].number_of(list);
}

Value StagedValues::value_of(std::size_t attribute, std::uint64_t cell) const {
  switch (attributes_[attribute].type) {
    case AttributeType::kI64: return format::i64_of(cell);
    case AttributeType::kF64: return format::f64_of(cell);
    case AttributeType::kBool: return cell != 0;
    case AttributeType::kPlace: return format::place_of(cell);
    case AttributeType::kString: return strings_[attribute][cell];
    case AttributeType::kTags: break;
  }
  Tags tags;
  const ListPool& lists = lists_[attribute];
  for (std::size_t i = 0; i < lists.length(cell); ++i) tags.push_back(strings_[attribute][lists.at(cell, i)]);
  std::ranges::sort(tags);
  return tags;
}

Result<std::uint64_t> StagedValues::add_payload(const std::string& payload) {
  if (payload.empty()) return kNoPayload;
  const std::uint64_t place = payload_written_ + payload_buffer_.size();
  add_bytes(payload_buffer_, payload);
  if (payload_buffer_.size() >= kChunkBytes) NEARLINE_CHECK(store_payloads());
  return place;
}

Result<void> StagedValues::store_payloads() {
  NEARLINE_CHECK(io::write_all(*payloads_, payload_written_, std::as_bytes(std::span(payload_buffer_))));
  payload_written_ += payload_buffer_.size();
  payload_buffer_.clear();
  return {};
}

Result<void> StagedValues::read_payload(std::uint64_t place, std::string& out) {
  if (!payload_buffer_.empty()) NEARLINE_CHECK(store_payloads());
  std::uint64_t length = 0;
  out.resize(std::min<std::uint64_t>(kFirstRead, payload_written_ - place));
  NEARLINE_CHECK(io::read_exact(*payloads_, place, std::as_writable_bytes(std::span(out))));
  out.copy(reinterpret_cast<char*>(&length), sizeof length);
  out.erase(0, sizeof length);
  const std::size_t here = std::min<std::uint64_t>(out.size(), length);
  out.resize(length);
  return io::read_exact(*payloads_, place + sizeof length + here, std::as_writable_bytes(std::span(out).subspan(here)));
}

Result<void> StagedValues::append(std::span<const Id> ids, const RecordData& data, std::uint64_t first) {
  NEARLINE_CHECK(make_files());
  const auto places = places_of(attributes_, data);
  std::uint64_t digest = 0;
  std::string content;
  for (std::size_t i = 0; i < ids.size(); ++i, ++count_) {
    NEARLINE_CHECK(load(count_ / chunk_rows_));
    const std::uint64_t at = count_ % chunk_rows_;
    content.clear();
    for (std::size_t a = 0; a < attributes_.size(); ++a) {
      const Value none;
      const Value& value =
          places[a] < 0 ? none : data.values[i * data.names.size() + static_cast<std::size_t>(places[a])];
      const bool there = value.index() != 0;
      content += there ? '\1' : '\0';
      cells(a)[at] = there ? cell_of(a, value) : 0;
      const std::uint64_t bit = std::uint64_t{1} << (at % 64);
      valid(a)[at / 64] = (valid(a)[at / 64] & ~bit) | (there ? bit : 0);  // a row that was cut off may have set it
      if (!there) continue;
      describe(attributes_[a].type, value, content);
    }
    const std::string none;
    const std::string& payload = data.payloads.empty() ? none : data.payloads[i];
    NEARLINE_TRY(place, add_payload(payload));
    cells(attributes_.size() + kIds)[at] = ids[i];
    cells(attributes_.size() + kNumbers)[at] = first + i;
    cells(attributes_.size() + kPayloads)[at] = place;
    add_bytes(content, payload);
    digest += format::hash64(std::as_bytes(std::span(content)), ids[i]);
    changed_ = true;
  }
  digest_ += digest;
  return {};
}

Result<void> StagedValues::read_cells(std::size_t column, std::vector<std::uint64_t>& out) {
  out.clear();
  out.reserve(count_);
  if (count_ == 0) return {};
  NEARLINE_CHECK(store());
  for (std::uint64_t first = 0; first < count_; first += chunk_rows_) {
    out.resize(std::min(count_, first + chunk_rows_));
    const std::uint64_t at = first / chunk_rows_ * chunk_bytes() + column * chunk_rows_ * sizeof(std::uint64_t);
    NEARLINE_CHECK(io::read_exact(*file_, at, std::as_writable_bytes(std::span(out).subspan(first))));
  }
  return {};
}

Result<StagedColumn> StagedValues::column(std::size_t attribute) {
  StagedColumn column;
  NEARLINE_CHECK(read_cells(attribute, column.cells));
  column.valid.resize((count_ + chunk_rows_ - 1) / chunk_rows_ * (chunk_rows_ / 64));
  for (std::uint64_t chunk = 0; chunk * chunk_rows_ < count_; ++chunk) {
    const std::uint64_t words = chunk_rows_ / 64;
    const std::uint64_t at =
        chunk * chunk_bytes() + (columns() * chunk_rows_ + attribute * words) * sizeof(std::uint64_t);
    NEARLINE_CHECK(
        io::read_exact(*file_, at, std::as_writable_bytes(std::span(column.valid).subspan(chunk * words, words))));
  }
  return column;
}

Result<std::vector<Id>> StagedValues::ids() {
  std::vector<Id> ids;
  NEARLINE_CHECK(read_cells(attributes_.size() + kIds, ids));
  return ids;
}

Result<std::vector<std::uint64_t>> StagedValues::payload_places() {
  std::vector<std::uint64_t> places;
  NEARLINE_CHECK(read_cells(attributes_.size() + kPayloads, places));
  return places;
}

Result<void> StagedValues::for_each(const std::function<Result<void>(std::uint64_t, Id, const RecordData&)>& visit) {
  RecordData data;
  for (const Attribute& attribute : attributes_) data.names.push_back(attribute.name);
  data.values.resize(attributes_.size());
  data.payloads.resize(1);
  for (std::uint64_t row = 0; row < count_; ++row) {
    NEARLINE_CHECK(load(row / chunk_rows_));
    const std::uint64_t at = row % chunk_rows_;
    for (std::size_t a = 0; a < attributes_.size(); ++a) {
      const bool there = (valid(a)[at / 64] >> (at % 64) & 1) != 0;
      data.values[a] = there ? value_of(a, cells(a)[at]) : Value();
    }
    data.payloads[0].clear();
    const std::uint64_t place = cells(attributes_.size() + kPayloads)[at];
    if (place != kNoPayload) NEARLINE_CHECK(read_payload(place, data.payloads[0]));
    NEARLINE_CHECK(visit(cells(attributes_.size() + kNumbers)[at], cells(attributes_.size() + kIds)[at], data));
  }
  return {};
}

}  // namespace nearline::engine
