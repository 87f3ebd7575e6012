// SPDX-License-Identifier: Apache-2.0
/// The C interface's other answers: which records match a filter, what records say, all of them within a radius, and
/// the nearest page by page. nearline.h has the conventions.
#pragma once

#include "nearline/nearline.h"

#ifdef __cplusplus
extern "C" {
#endif

// Attributes, filters and data (attributes.h, search.h, index.h). -----------------------------------------------------

/// attributes: room for `capacity`, of which as many are filled as there are; count: how many there are, which may be
/// more. May be NULL where capacity is 0.
NEARLINE_C_API nearline_status nearline_index_get_attributes(const nearline_index* index,
                                                             nearline_attribute* attributes, size_t capacity,
                                                             size_t* count, nearline_error* error);
/// How many records match, exactly.
NEARLINE_C_API nearline_status nearline_index_count(const nearline_index* index, const char* filter, uint64_t* count,
                                                    nearline_error* error);
/// Their ids, ascending. ids, capacity, count: as above.
NEARLINE_C_API nearline_status nearline_index_matching_ids(const nearline_index* index, const char* filter,
                                                           uint64_t* ids, size_t capacity, size_t* count,
                                                           nearline_error* error);
/// Erases all records that match; nothing may wait for a commit then. erased: may be NULL.
NEARLINE_C_API nearline_status nearline_writer_erase_where(nearline_writer* writer, const char* filter,
                                                           uint64_t* erased, nearline_error* error);

typedef struct nearline_data nearline_data;

typedef struct nearline_data_options {
  size_t size;
  const char* const* names;  // of the attributes to read; NULL: all
  size_t name_count;
  uint32_t no_payloads;  // 1: payloads are not read
  uint32_t reserved;     // 0
} nearline_data_options;

/// What the records of `ids` say: a row for each id, without values where no record has it. options: may be NULL.
NEARLINE_C_API nearline_status nearline_index_read_data(const nearline_index* index, const uint64_t* ids, size_t count,
                                                        const nearline_data_options* options, nearline_data** data,
                                                        nearline_error* error);
/// A view of it, which lives as long as the handle, and which insert and upsert take. Each column has its attribute's
/// type and says which rows are present; tags come sorted.
NEARLINE_C_API nearline_status nearline_data_get_view(const nearline_data* data, nearline_record_data* view,
                                                      nearline_error* error);
NEARLINE_C_API void nearline_data_close(nearline_data** data);

// All within a radius (range.h). --------------------------------------------------------------------------------------

typedef struct nearline_range nearline_range;

typedef struct nearline_range_options {
  size_t size;
  float radius;          // in the metric's distances, itself included; 0 is one, too
  float recall;          // above 0 and below 1: in place of L; 0: L decides
  uint64_t max_results;  // of each query, the nearest; 0: all
  uint32_t l;            // L, at first; 0: 64
  uint32_t beam_width;   // 0: chosen
  uint32_t exact;        // 1: all of them for certain
  uint32_t reserved;     // 0
  const char* filter;    // NULL: all records
  const char* field;     // from here on as in nearline_search_options
  const float* mask;
  uint32_t mask_count;
  uint32_t prefix;
  uint32_t as_stored;
  uint32_t reserved2;  // 0
} nearline_range_options;

/// Answers of query i are [offsets[i], offsets[i + 1]), nearest first. The arrays live as long as the handle.
typedef struct nearline_range_table {
  size_t size;
  uint64_t rows;
  const uint64_t* offsets;  // [rows + 1]
  const uint64_t* ids;
  const float* distances;
  const float* complete_to;           // [rows] up to this distance the answer is complete
  const uint8_t* cut;                 // [rows] 1: max_results left some out
  const nearline_query_stats* stats;  // [rows], each of `stats_size` bytes
  size_t stats_size;
  float expected_recall;
  uint32_t reserved;
} nearline_range_table;

NEARLINE_C_API nearline_status nearline_index_range_search(const nearline_index* index, const nearline_matrix* queries,
                                                           const nearline_range_options* options,
                                                           nearline_range** range, nearline_error* error);
NEARLINE_C_API nearline_status nearline_range_get_table(const nearline_range* range, nearline_range_table* table,
                                                        nearline_error* error);
NEARLINE_C_API void nearline_range_close(nearline_range** range);

// The answers of one query, page by page (paging.h). ------------------------------------------------------------------

typedef struct nearline_cursor nearline_cursor;

/// Where a page goes. `late` and `complete_to` as in paging.h.
typedef struct nearline_page {
  size_t size;
  uint64_t* ids;                // room for `capacity`
  float* distances;             // room for `capacity`; may be NULL
  size_t capacity;              // at least as many as are asked for
  size_t count;                 // out: answers of this page
  uint64_t late;                // out
  nearline_query_stats* stats;  // one; may be NULL
  size_t stats_size;            // sizeof(nearline_query_stats) as the caller has it, where there are stats
  float complete_to;            // out
  float expected_recall;        // out
  uint32_t end;                 // out: 1: nothing comes behind these
  uint32_t reserved;            // 0
  char next[80];                // out, of search_page: the token of the next page; empty at the end
} nearline_page;

/// The first `options.k` answers or, given the token of the page before, those behind them. query: one row. options,
/// token: may be NULL.
NEARLINE_C_API nearline_status nearline_index_search_page(const nearline_index* index, const nearline_matrix* query,
                                                          const nearline_search_options* options, const char* token,
                                                          nearline_page* page, nearline_error* error);
/// Goes through the answers on the commit that is open now. One thread at a time; it may outlive the index.
NEARLINE_C_API nearline_status nearline_index_open_cursor(const nearline_index* index, const nearline_matrix* query,
                                                          const nearline_search_options* options,
                                                          nearline_cursor** cursor, nearline_error* error);
/// The next `count` answers, fewer only at the end.
NEARLINE_C_API nearline_status nearline_cursor_next(nearline_cursor* cursor, uint32_t count, nearline_page* page,
                                                    nearline_error* error);
NEARLINE_C_API void nearline_cursor_close(nearline_cursor** cursor);

#ifdef __cplusplus
}
#endif
