// SPDX-License-Identifier: Apache-2.0
/// The C interface's cursors and pages.
#include "bindings/c/handles.h"
#include "bindings/c/search_options.h"
#include "nearline/nearline_answers.h"
#include "nearline/paging.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

struct nearline_cursor {
  Cursor cursor;
};

namespace {

/// Before the search: what is written afterwards has room.
Result<nearline_page> check_room(const nearline_page* page, std::uint32_t count) {
  NEARLINE_CHECK(c::check_report(page, "page"));
  NEARLINE_TRY(room, c::take(page, "page"));
  NEARLINE_CHECK(c::check_reserved(room.reserved, "page"));
  if (room.capacity < count)
    return c::invalid("capacity of " + std::to_string(room.capacity) + ": expected room for " + std::to_string(count) +
                      " answers");
  if (count > 0) NEARLINE_CHECK(c::need(room.ids, "ids"));
  NEARLINE_CHECK(c::check_stats(room.stats, room.stats_size));
  return room;
}

void fill(nearline_page* page, nearline_page room, const AnswerPage& found) {
  std::ranges::copy(found.ids, room.ids);
  if (room.distances != nullptr) std::ranges::copy(found.distances, room.distances);
  c::fill_stats(room.stats, room.stats_size, {&found.stats, 1});
  room.count = found.ids.size();
  room.late = found.late;
  room.complete_to = found.complete_to;
  room.expected_recall = found.expected_recall;
  room.end = found.end ? 1 : 0;
  std::ranges::fill(room.next, '\0');
  std::copy_n(found.next.begin(), std::min(found.next.size(), sizeof room.next - 1), room.next);
  c::give(page, room);
}

}  // namespace

nearline_status nearline_index_search_page(const nearline_index* index, const nearline_matrix* query,
                                           const nearline_search_options* options, const char* token,
                                           nearline_page* page, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_TRY(row, c::matrix(query, "query"));
    NEARLINE_TRY(how, c::search_options(options));
    NEARLINE_TRY(room, check_room(page, how.k));
    NEARLINE_TRY(found, index->index.search_page(row, how, c::text_or_none(token)));
    fill(page, room, found);
    return {};
  });
}

nearline_status nearline_index_open_cursor(const nearline_index* index, const nearline_matrix* query,
                                           const nearline_search_options* options, nearline_cursor** cursor,
                                           nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", cursor, "cursor"));
    NEARLINE_TRY(row, c::matrix(query, "query"));
    NEARLINE_TRY(how, c::search_options(options));
    NEARLINE_TRY(opened, index->index.cursor(row, how));
    *cursor = new nearline_cursor{std::move(opened)};
    return {};
  });
}

nearline_status nearline_cursor_next(nearline_cursor* cursor, uint32_t count, nearline_page* page,
                                     nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(cursor, "cursor"));
    NEARLINE_TRY(room, check_room(page, count));
    NEARLINE_TRY(found, cursor->cursor.next(count));
    fill(page, room, found);
    return {};
  });
}

void nearline_cursor_close(nearline_cursor** cursor) {
  c::close(cursor);
}
