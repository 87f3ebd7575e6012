// SPDX-License-Identifier: Apache-2.0
/// What an index's records say, in columns, as C has it: a handle owns the arrays.
#include "bindings/c/handles.h"
#include "nearline/nearline_answers.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

/// A column as the handle keeps it: arrays that its view points into.
struct Column {
  Attribute attribute{};
  std::vector<std::int64_t> integers;
  std::vector<double> fractions;
  std::vector<std::uint8_t> bools;
  std::vector<nearline_bytes> texts;
  std::vector<std::size_t> ends;
  std::vector<std::uint8_t> present;

  [[nodiscard]] const void* values() const noexcept {
    switch (attribute.type) {
      case AttributeType::kI64: return integers.data();
      case AttributeType::kF64:
      case AttributeType::kPlace: return fractions.data();
      case AttributeType::kBool: return bools.data();
      default: return texts.data();
    }
  }
};

/// What C gets of a value, or of none.
template <class T>
T value_or_zero(const Value& value) noexcept {
  const T* const held = std::get_if<T>(&value);
  return held != nullptr ? *held : T{};
}

nearline_bytes bytes_of(const std::string& text) noexcept {
  return {text.data(), text.size()};
}

void add_value(const Value& value, Column& to) {
  to.present.push_back(value.index() != 0 ? 1 : 0);
  switch (to.attribute.type) {
    case AttributeType::kI64: to.integers.push_back(value_or_zero<std::int64_t>(value)); return;
    case AttributeType::kF64: to.fractions.push_back(value_or_zero<double>(value)); return;
    case AttributeType::kBool: to.bools.push_back(value_or_zero<bool>(value) ? 1 : 0); return;
    case AttributeType::kString: {
      const auto* const text = std::get_if<std::string>(&value);
      to.texts.push_back(text != nullptr ? bytes_of(*text) : nearline_bytes{"", 0});
      return;
    }
    case AttributeType::kPlace: {
      const auto place = value_or_zero<Place>(value);
      to.fractions.insert(to.fractions.end(), {place.lat, place.lon});
      return;
    }
    case AttributeType::kTags: break;
  }
  if (const auto* const tags = std::get_if<Tags>(&value))
    for (const std::string& tag : *tags) to.texts.push_back(bytes_of(tag));
  to.ends.push_back(to.texts.size());
}

}  // namespace

struct nearline_data {
  RecordData rows;  // texts of the columns lie here
  std::vector<Column> columns;
  std::vector<nearline_column> views;
  std::vector<nearline_bytes> payloads;
};

namespace {

/// schema: of the index, which may be another one since, where it was refreshed meanwhile.
Result<void> make_columns(const std::vector<Attribute>& schema, nearline_data& data) {
  const std::size_t width = data.rows.names.size();
  for (std::size_t place = 0; place < width; ++place) {
    const auto attribute = std::ranges::find(schema, data.rows.names[place], &Attribute::name);
    if (attribute == schema.end())
      return Error{.code = Code::kNotFound,
                   .what = "attribute '" + data.rows.names[place] + "' is gone: another index took the file's place"};
    Column& column = data.columns.emplace_back();
    column.attribute = *attribute;
    for (std::size_t i = place; i < data.rows.values.size(); i += width) add_value(data.rows.values[i], column);
  }
  for (const Column& column : data.columns)
    data.views.push_back({.name = column.attribute.name.c_str(),
                          .values = column.values(),
                          .ends = column.attribute.type == AttributeType::kTags ? column.ends.data() : nullptr,
                          .present = column.present.data(),
                          .type = static_cast<std::uint32_t>(column.attribute.type),
                          .reserved = 0});
  for (const std::string& payload : data.rows.payloads) data.payloads.push_back(bytes_of(payload));
  return {};
}

Result<DataRequest> data_request(const nearline_data_options* from) {
  NEARLINE_TRY(options, c::take(from, "data options"));
  NEARLINE_CHECK(c::check_reserved(options.reserved, "data options"));
  DataRequest request{.names = {}, .payloads = options.no_payloads == 0};
  if (options.names == nullptr && options.name_count == 0) return request;
  NEARLINE_CHECK(c::need(options.names, "names"));
  request.names.emplace();
  for (const char* name : std::span(options.names, options.name_count)) {
    NEARLINE_CHECK(c::need(name, "name of an attribute"));
    request.names->emplace_back(name);
  }
  return request;
}

}  // namespace

nearline_status nearline_index_get_attributes(const nearline_index* index, nearline_attribute* attributes,
                                              size_t capacity, size_t* count, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", count, "count"));
    std::vector<nearline_attribute> all;
    for (const Attribute& attribute : index->index.info().schema.attributes) {
      nearline_attribute one{.name = {}, .type = static_cast<std::uint32_t>(attribute.type)};
      std::ranges::copy(attribute.name, one.name);
      all.push_back(one);
    }
    return c::give_some<nearline_attribute>(all, attributes, capacity, count, "attributes");
  });
}

nearline_status nearline_index_read_data(const nearline_index* index, const uint64_t* ids, size_t count,
                                         const nearline_data_options* options, nearline_data** data,
                                         nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", data, "data"));
    NEARLINE_TRY(wanted, c::id_array(ids, count));
    NEARLINE_TRY(request, data_request(options));
    NEARLINE_TRY(rows, index->index.data(wanted, request));
    auto made = std::make_unique<nearline_data>();
    made->rows = std::move(rows);
    NEARLINE_CHECK(make_columns(index->index.info().schema.attributes, *made));
    *data = made.release();
    return {};
  });
}

nearline_status nearline_data_get_view(const nearline_data* data, nearline_record_data* view, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(data, "data"));
    NEARLINE_CHECK(c::check_report(view, "view"));
    c::give(view, nearline_record_data{.size = 0,
                                       .columns = data->views.empty() ? nullptr : data->views.data(),
                                       .column_count = data->views.size(),
                                       .payloads = data->payloads.empty() ? nullptr : data->payloads.data()});
    return {};
  });
}

void nearline_data_close(nearline_data** data) {
  c::close(data);
}
