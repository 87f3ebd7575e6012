// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/update.h"

#include "bindings/sqlite/table.h"

namespace nearline::sqlite {
namespace {

/// The values of one row, as xUpdate has them behind the old and the new rowid.
class Row {
 public:
  Row(const Table& table, sqlite3_value** values) : table_(table), values_(values) {}

  /// The id that the row shall have; none where the index gives one. rowid: beside the column id, where it is set.
  Result<std::optional<Id>> id(sqlite3_value* rowid) const {
    std::optional<Id> own;
    for (sqlite3_value* value : {values_[Columns::kId], rowid}) {
      if (value == nullptr || sqlite3_value_type(value) == SQLITE_NULL) continue;
      if (sqlite3_value_numeric_type(value) != SQLITE_INTEGER)
        return invalid("id: expected a whole number, found " + found(value));
      const auto id = static_cast<Id>(sqlite3_value_int64(value));
      if (own && *own != id) return invalid("id and rowid: expected one of them, or both alike");
      own = id;
    }
    return own;
  }

  Result<Record> record() const {
    const Columns& columns = table_.columns;
    for (const int hidden : {columns.distance(), columns.k(), columns.recall()})
      if (sqlite3_value_type(values_[hidden]) != SQLITE_NULL)
        return invalid("distance, k and recall: expected no value, as records have none of them");
    Record record;
    NEARLINE_TRY(vector, vector_of(table_.db, values_[Columns::kVector], table_.schema));
    record.vector = std::move(vector);
    for (std::size_t i = 0; i < table_.schema.attributes.size(); ++i) {
      const Attribute& attribute = table_.schema.attributes[i];
      NEARLINE_TRY(value, value_of(table_.db, values_[Columns::kFirstAttribute + static_cast<int>(i)], attribute));
      record.data.names.push_back(attribute.name);
      record.data.values.push_back(std::move(value));
    }
    sqlite3_value* const payload = values_[columns.payload()];
    if (sqlite3_value_type(payload) != SQLITE_NULL) record.data.payloads.emplace_back(bytes_of(payload));
    return record;
  }

 private:
  const Table& table_;
  sqlite3_value** values_;
};

Result<void> insert(Table& table, Record&& record, bool replace, bool kept, sqlite3_int64* id) {
  const std::uint32_t dim = table.schema.dim;
  if (record.id && replace) {
    *id = static_cast<sqlite3_int64>(*record.id);
    return table.changes.upsert(std::move(record), dim, kept);
  }
  NEARLINE_TRY(given, table.changes.insert(std::move(record), dim, kept));
  *id = static_cast<sqlite3_int64>(given);
  return {};
}

/// An update of every column in place, or under another id, which must be free unless it may be replaced.
Result<void> change(Table& table, Id old, Record&& record, bool replace, bool kept) {
  sqlite3_int64 ignored = 0;
  if (*record.id == old) return table.changes.upsert(std::move(record), table.schema.dim, kept);
  NEARLINE_CHECK(insert(table, std::move(record), replace, kept, &ignored));
  return table.changes.erase(old, kept);
}

}  // namespace

int update(sqlite3_vtab* vtab, int count, sqlite3_value** values, sqlite3_int64* id) {
  return guarded(&vtab->zErrMsg, [&]() -> Result<void> {
    Table& table = table_of(vtab);
    const bool kept = sqlite3_get_autocommit(table.db) == 0;  // a statement alone is undone as a whole
    if (count == 1) return table.changes.erase(static_cast<Id>(sqlite3_value_int64(values[0])), kept);
    const Row row(table, values + 2);
    const bool insertion = sqlite3_value_type(values[0]) == SQLITE_NULL;
    const sqlite3_int64 old = sqlite3_value_int64(values[0]);
    const bool moved = !insertion && sqlite3_value_int64(values[1]) != old;  // SET rowid = ...
    const bool replace = sqlite3_vtab_on_conflict(table.db) == SQLITE_REPLACE;
    NEARLINE_TRY(record, row.record());
    if (moved) {
      record.id = static_cast<Id>(sqlite3_value_int64(values[1]));
    } else {
      NEARLINE_TRY(own, row.id(insertion ? values[1] : nullptr));
      record.id = own;
    }
    if (insertion) return insert(table, std::move(record), replace, kept, id);
    if (!record.id) return invalid("id: expected a whole number, found NULL");
    return change(table, static_cast<Id>(old), std::move(record), replace, kept);
  });
}

int begin(sqlite3_vtab* /*table*/) {
  return SQLITE_OK;  // the first change opens the writer
}

int sync(sqlite3_vtab* table) {
  return guarded(&table->zErrMsg, [&] { return table_of(table).changes.commit(); });
}

int commit(sqlite3_vtab* table) {
  table_of(table).changes.end();
  return SQLITE_OK;
}

int rollback(sqlite3_vtab* table) {
  table_of(table).changes.end();
  return SQLITE_OK;
}

int rename(sqlite3_vtab* /*table*/, const char* /*name*/) {
  return SQLITE_OK;  // the file keeps its own
}

int savepoint(sqlite3_vtab* table, int number) {
  return guarded(&table->zErrMsg, [&]() -> Result<void> {
    table_of(table).changes.mark(static_cast<std::size_t>(number));
    return {};
  });
}

int release(sqlite3_vtab* /*table*/, int /*number*/) {
  return SQLITE_OK;  // the next one of this number takes its place
}

int rollback_to(sqlite3_vtab* table, int number) {
  return guarded(&table->zErrMsg, [&] { return table_of(table).changes.back_to(static_cast<std::size_t>(number)); });
}

}  // namespace nearline::sqlite
