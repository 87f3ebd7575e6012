// SPDX-License-Identifier: Apache-2.0
/// nearline for C99 and for whatever calls C (nearline_answers.h, nearline_spaces.h and
/// nearline_files.h have the rest of it). Link with
/// -lnearline_c (nearline-c.pc), or dlopen libnearline_c.so.0, which needs no other library of nearline. A program
/// outlives minor versions: symbols and fields are only added.
///
/// Calls      return a status, NEARLINE_OK or what went wrong. `error` may be NULL; else it is the caller's, and a call
///            that fails fills it: it needs no freeing, and threads share nothing. No exception, no exit, no signal.
/// NULL       where it is not said that it may be: NEARLINE_INVALID_ARGUMENT. Closing NULL does nothing.
/// Handles    are opaque, made by open and create, and ended by close, which takes their address and makes them NULL:
///            a handle that was closed is an error of the next call. After an error nothing was made.
/// Structs    with a `size` grow: set it to sizeof the struct, and all else to zero, which stands for the default. The
///            library reads and fills as much as the caller has; what it does not know must be zero, or the call is
///            NEARLINE_UNSUPPORTED. In C: `nearline_open_options options = {.size = sizeof options};`
/// Memory     is the caller's: buffers are borrowed for the length of a call, paths and words end with a zero byte.
/// Units      bytes; rows are row-major and contiguous, of any alignment; booleans are 0 or else; ids are any number
///            but NEARLINE_NO_ID. Smaller distances are nearer.
/// Threads    of one index or vector file: any number at once. A builder, a writer and a vector writer: one at a time.
///            Closing a handle is for when no other call has it. After fork the child opens its own.
/// Callbacks  run on the calling thread before the call returns, and neither throw, longjmp nor close the handle.
/// What a call does, costs and refuses stands with its C++ twin, in the header that is named.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NEARLINE_C_API __attribute__((visibility("default")))
#else
#define NEARLINE_C_API
#endif

#define NEARLINE_NO_ID UINT64_MAX
#define NEARLINE_NOWHERE UINT64_MAX
#define NEARLINE_NONE UINT32_MAX  // of code_bytes: no codes

/// Numbers are stable for ever; new ones are only added. Below 20 the call or its input is bad; from 20 the index is
/// damaged; from 40 the system failed (result.h).
typedef int32_t nearline_status;
enum {
  NEARLINE_OK = 0,
  NEARLINE_INVALID_ARGUMENT = 1,
  NEARLINE_BAD_INPUT = 2,
  NEARLINE_NOT_FOUND = 3,
  NEARLINE_EXISTS = 4,
  NEARLINE_NOT_AN_INDEX = 5,
  NEARLINE_UNSUPPORTED = 6,
  NEARLINE_READ_ONLY = 7,
  NEARLINE_BUSY = 8,
  NEARLINE_CANCELLED = 9,
  NEARLINE_OVER_BUDGET = 10,
  NEARLINE_CORRUPT = 20,
  NEARLINE_TRUNCATED = 21,
  NEARLINE_IO = 40,
  NEARLINE_NO_SPACE = 41,
  NEARLINE_NO_MEMORY = 42,
  NEARLINE_PERMISSION = 43,
  NEARLINE_COMMIT_UNKNOWN = 44
};

/// What went wrong. Texts that do not fit are cut, and end with a zero byte.
typedef struct nearline_error {
  size_t size;
  nearline_status status;
  int32_t system;      // errno; 0 when no system call failed
  uint64_t offset;     // byte in `file`; NEARLINE_NOWHERE when none applies
  char message[1024];  // one sentence, with expected and found, file and byte
  char file[1024];     // the file concerned; empty when none is
} nearline_error;

/// "corrupt": the status in a word; "unknown" for a number that is none. "0.1.0": the library's version.
NEARLINE_C_API const char* nearline_status_name(nearline_status status);
NEARLINE_C_API const char* nearline_version(void);

// Element types, metrics, layouts, modes and rankings (types.h, schema.h, search.h). 0 where it may be: chosen by
// nearline.
enum { NEARLINE_F32 = 1, NEARLINE_F16, NEARLINE_BF16, NEARLINE_I8, NEARLINE_U8, NEARLINE_B1 };
enum { NEARLINE_L2 = 1, NEARLINE_IP, NEARLINE_COSINE, NEARLINE_HAMMING, NEARLINE_JACCARD };
enum { NEARLINE_LEAN = 1, NEARLINE_FUSED };
enum { NEARLINE_MAPPED = 1, NEARLINE_DIRECT, NEARLINE_PREAD };
enum { NEARLINE_EXACT = 1, NEARLINE_CODES };
enum { NEARLINE_DURABLE = 0, NEARLINE_RELAXED = 1 };
enum { NEARLINE_I64 = 1, NEARLINE_F64, NEARLINE_BOOL, NEARLINE_STRING, NEARLINE_TAGS, NEARLINE_PLACE };  // an attribute

/// `rows` vectors of `dim` components of `type`. b1: dim bits, eight to a byte, the first in the least significant bit.
typedef struct nearline_matrix {
  const void* data;  // may be NULL where there are no rows
  size_t rows;
  uint32_t dim;
  uint32_t type;
} nearline_matrix;

/// The vectors of an index. All three are needed; no size, for it never grows. What records say besides stands in the
/// build options.
typedef struct nearline_schema {
  uint32_t dim;
  uint32_t type;
  uint32_t metric;
} nearline_schema;

/// A column of an index (attributes.h). name: 1 to 63 bytes of UTF-8 and a zero byte. It never grows, either.
typedef struct nearline_attribute {
  char name[64];
  uint32_t type;  // NEARLINE_I64, ...
} nearline_attribute;

/// Bytes of any value, zero bytes included. data: may be NULL where there are none.
typedef struct nearline_bytes {
  const char* data;
  size_t length;
} nearline_bytes;

/// What some records say of one attribute, a value for each row. values, of `type`:
///   NEARLINE_I64  int64_t [rows]      NEARLINE_BOOL    uint8_t [rows]
///   NEARLINE_F64  double [rows]       NEARLINE_STRING  nearline_bytes [rows], UTF-8
///   NEARLINE_TAGS nearline_bytes [ends[rows - 1]]: those of row i end before ends[i], and begin where row i - 1 ends
///   NEARLINE_PLACE double [2 rows], latitude and longitude of each in degrees
typedef struct nearline_column {
  const char* name;
  const void* values;
  const size_t* ends;      // of tags alone
  const uint8_t* present;  // [rows], 0: the row has no value; NULL: all have one
  uint32_t type;           // the attribute's; for an f64 i64 will do
  uint32_t reserved;       // 0
} nearline_column;

/// What records say besides their vectors; attributes that no column names have no value.
typedef struct nearline_record_data {
  size_t size;
  const nearline_column* columns;
  size_t column_count;
  const nearline_bytes* payloads;  // [rows]; NULL: none
} nearline_record_data;

/// How far long work has come; total is 0 while it is not known. 0 goes on, anything else stops: NEARLINE_CANCELLED.
typedef int (*nearline_progress_fn)(void* context, const char* phase, uint64_t done, uint64_t total);
typedef void (*nearline_text_fn)(void* context, const char* sentence);

// Builds (builder.h). ----------------------------------------------------------------------------------------------

typedef struct nearline_builder nearline_builder;

typedef struct nearline_build_options {
  size_t size;
  uint64_t memory_bytes;         // 0: 512 MiB
  uint64_t search_memory_bytes;  // 0: 64 MiB
  uint64_t seed;                 // 0: 1
  uint32_t degree;               // R; 0: 32
  uint32_t l_build;              // 0: 100
  float alpha;                   // 0: 1.2
  uint32_t code_bytes;           // 0: chosen; NEARLINE_NONE: no codes
  uint32_t layout;               // 0: chosen; NEARLINE_LEAN, NEARLINE_FUSED
  uint32_t page_records;         // 0: chosen
  uint32_t threads;              // 0: one per processor
  uint32_t no_calibration;       // 1: `recall` cannot be asked of searches
  uint32_t replace;              // 1: the output may exist
  uint32_t reserved;             // 0
  nearline_progress_fn progress;
  void* progress_context;
  const nearline_attribute* attributes;  // of the index; NULL: its records are vectors alone
  size_t attribute_count;
  const struct nearline_spaces* spaces;  // further fields and transforms (nearline_spaces.h); NULL: none
} nearline_build_options;

typedef struct nearline_build_report {
  size_t size;
  uint64_t count;
  uint64_t file_bytes;
  uint64_t unreachable_repaired;
  double mean_degree;
  double seconds;
  uint32_t partitions;
  uint32_t reserved;
} nearline_build_report;

/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_builder_create(const char* output, const nearline_schema* schema,
                                                       const nearline_build_options* options,
                                                       nearline_builder** builder, nearline_error* error);
/// ids: one per row; NULL: the running row number. data: may be NULL. After an error none of these rows is kept.
NEARLINE_C_API nearline_status nearline_builder_add(nearline_builder* builder, const nearline_matrix* vectors,
                                                    const uint64_t* ids, const nearline_record_data* data,
                                                    nearline_error* error);
/// Publishes the file; the builder is spent then, whatever the status, and is closed as ever. report: may be NULL.
NEARLINE_C_API nearline_status nearline_builder_finish(nearline_builder* builder, nearline_build_report* report,
                                                       nearline_error* error);
NEARLINE_C_API void nearline_builder_close(nearline_builder** builder);

// An open index (index.h, search.h, statistics.h). --------------------------------------------------------------------

typedef struct nearline_index nearline_index;

typedef struct nearline_open_options {
  size_t size;
  uint64_t memory_bytes;  // 0: 64 MiB
  uint32_t io;            // 0: chosen; NEARLINE_MAPPED, NEARLINE_DIRECT, NEARLINE_PREAD
  uint32_t ranking;       // 0: chosen; NEARLINE_EXACT, NEARLINE_CODES
  uint32_t threads;       // 0: one per processor that the memory has room for
  uint32_t untrusted;     // 1: the file may be hostile
} nearline_open_options;

typedef struct nearline_search_options {
  size_t size;
  uint32_t k;                // 0: 10
  uint32_t l;                // L, at least k; 0: 64, or k where that is more
  float recall;              // above 0 and below 1: in place of L; 0: L decides
  uint32_t beam_width;       // W; 0: chosen
  uint32_t exact;            // 1: the nearest for certain
  uint32_t reserved;         // 0
  const char* filter;        // which records may be answers (search.h); NULL: all
  nearline_text_fn explain;  // gets how each segment was searched, a line at a time; searches alone, no pages
  void* explain_context;
  const char* field;     // the queries' (nearline_spaces.h); NULL: the first
  const float* mask;     // [mask_count] how much each dimension counts (search.h); NULL: each once
  uint32_t mask_count;   // the field's dimension, where there is a mask
  uint32_t prefix;       // the first so many dimensions count; 0: all
  uint32_t walk_prefix;  // by the first so many a walk goes; 0: by those that count
  uint32_t as_stored;    // 1: queries are vectors as `get` gives them
} nearline_search_options;

typedef struct nearline_query_stats {
  uint64_t bytes_read;
  uint64_t nanoseconds;
  uint32_t hops;
  uint32_t distance_computations;
  uint32_t estimates;
  uint32_t page_reads;
  uint32_t cache_hits;
  uint32_t reserved;
} nearline_query_stats;

/// Where answers go: [rows x k], nearest first. A short row is filled up with NEARLINE_NO_ID and infinity.
typedef struct nearline_search_result {
  size_t size;
  uint64_t* ids;                // room for `capacity`
  float* distances;             // room for `capacity`; may be NULL
  size_t capacity;              // at least rows * k
  uint32_t* counts;             // [rows] answers of each row; may be NULL
  nearline_query_stats* stats;  // [rows]; may be NULL
  size_t stats_size;            // sizeof(nearline_query_stats) as the caller has it, where there are stats
  float expected_recall;        // out: of the answers, as far as it is known; else 0
  uint32_t reserved;
  uint64_t matches;       // out: records that match the filter; all without one
  uint64_t filter_reads;  // out: 4 KiB blocks that were read to know them
} nearline_search_result;

typedef struct nearline_index_info {
  size_t size;
  uint64_t count;
  uint64_t generation;
  uint64_t deleted;
  uint64_t file_bytes;
  uint64_t disk_bytes;
  uint64_t free_bytes;
  uint64_t seed;
  double mean_degree;
  double local_edge_share;
  nearline_schema schema;
  uint32_t layout;
  uint32_t segments;
  uint32_t format_major;
  uint32_t format_minor;
  uint32_t degree;
  uint32_t l_build;
  float alpha;
  uint32_t page_bytes;
  uint32_t records_per_page;
  uint32_t code_bytes;
  uint32_t calibration_queries;
  uint32_t real_queries;
  uint32_t rolled_back;
  uint32_t durable;
  uint32_t io;       // the mode in use, never 0
  uint32_t ranking;  // the ranking in use, never 0
  char file_id[40];  // 32 hexadecimal digits
} nearline_index_info;

typedef struct nearline_memory_usage {
  size_t size;
  uint64_t budget;
  uint64_t codes;
  uint64_t page_cache;
  uint64_t buffers;
  uint64_t scratch;
  uint64_t bytes_for_all_codes;
  uint32_t code_bytes;
  uint32_t resident_code_bytes;
} nearline_memory_usage;

/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_index_open(const char* path, const nearline_open_options* options,
                                                   nearline_index** index, nearline_error* error);
NEARLINE_C_API void nearline_index_close(nearline_index** index);
/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_index_search(const nearline_index* index, const nearline_matrix* queries,
                                                     const nearline_search_options* options,
                                                     nearline_search_result* result, nearline_error* error);
/// out: [count] vectors as they are stored, zeros for an unknown id; out_bytes: just as many as they take. found:
/// [count], 1 or 0; may be NULL.
NEARLINE_C_API nearline_status nearline_index_get(const nearline_index* index, const char* field, const uint64_t* ids,
                                                  size_t count, void* out, size_t out_bytes, uint8_t* found,
                                                  nearline_error* error);
/// found: [count], 1 or 0.
NEARLINE_C_API nearline_status nearline_index_contains(const nearline_index* index, const char* field,
                                                       const uint64_t* ids, size_t count, uint8_t* found,
                                                       nearline_error* error);
/// Gets all records, in ascending order of ids, `rows` at a time at most, valid during the call; not 0 stops.
typedef int (*nearline_visit_fn)(void* context, const uint64_t* ids, const nearline_matrix* vectors);
NEARLINE_C_API nearline_status nearline_index_for_each(const nearline_index* index, const char* field, size_t rows,
                                                       nearline_visit_fn visit, void* context, nearline_error* error);
/// ids: room for `count`; found: how many there are, which is fewer where the index has fewer.
NEARLINE_C_API nearline_status nearline_index_sample_ids(const nearline_index* index, const char* field, size_t count,
                                                         uint64_t seed, uint64_t* ids, size_t* found,
                                                         nearline_error* error);
/// moved: 1 where there was a newer commit; may be NULL.
NEARLINE_C_API nearline_status nearline_index_refresh(nearline_index* index, int* moved, nearline_error* error);
/// Writes the open commit to a new file. progress: may be NULL.
NEARLINE_C_API nearline_status nearline_index_snapshot(const nearline_index* index, const char* output, int replace,
                                                       nearline_progress_fn progress, void* context,
                                                       nearline_error* error);
NEARLINE_C_API nearline_status nearline_index_get_info(const nearline_index* index, const char* field,
                                                       nearline_index_info* info, nearline_error* error);
NEARLINE_C_API nearline_status nearline_index_get_memory_usage(const nearline_index* index,
                                                               nearline_memory_usage* usage, nearline_error* error);

// Changes (writer.h). ------------------------------------------------------------------------------------------------

typedef struct nearline_writer nearline_writer;

typedef struct nearline_writer_options {
  size_t size;
  uint64_t memory_bytes;         // 0: 256 MiB
  uint64_t lock_timeout_ms;      // how long to wait for another writer to end
  uint32_t delta_records;        // 0: 4096
  uint32_t threads;              // 0: one per processor
  uint32_t no_merge;             // 1: only compact merges
  uint32_t no_background_merge;  // 1: merges are done inside commits
  uint32_t untrusted;            // 1: the file may be hostile
  uint32_t reserved;             // 0
  nearline_progress_fn progress;
  void* progress_context;
} nearline_writer_options;

typedef struct nearline_commit_report {
  size_t size;
  uint64_t generation;
  uint64_t count;
  uint64_t merged_records;
  uint64_t file_bytes;
  uint64_t free_bytes;
  uint32_t segments;
  uint32_t durable;
  uint32_t merging;
  uint32_t reserved;
} nearline_commit_report;

/// options: may be NULL. Closing forgets what was not committed.
NEARLINE_C_API nearline_status nearline_writer_open(const char* path, const nearline_writer_options* options,
                                                    nearline_writer** writer, nearline_error* error);
NEARLINE_C_API void nearline_writer_close(nearline_writer** writer);
/// ids: one per row; NULL: given by the index, first_id and those behind it (NEARLINE_NO_ID else). data, first_id: may
/// be NULL.
NEARLINE_C_API nearline_status nearline_writer_insert(nearline_writer* writer, const nearline_matrix* vectors,
                                                      const uint64_t* ids, const nearline_record_data* data,
                                                      uint64_t* first_id, nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_upsert(nearline_writer* writer, const nearline_matrix* vectors,
                                                      const uint64_t* ids, const nearline_record_data* data,
                                                      nearline_error* error);
/// erased, unknown: how many of the ids had a record, and had none; may be NULL.
NEARLINE_C_API nearline_status nearline_writer_erase(nearline_writer* writer, const uint64_t* ids, size_t count,
                                                     uint64_t* erased, uint64_t* unknown, nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_is_dirty(const nearline_writer* writer, int* dirty,
                                                        nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_abandon(nearline_writer* writer, nearline_error* error);
/// durability: NEARLINE_DURABLE or NEARLINE_RELAXED. report: may be NULL, here and below.
NEARLINE_C_API nearline_status nearline_writer_commit(nearline_writer* writer, int durability,
                                                      nearline_commit_report* report, nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_wait_for_merges(nearline_writer* writer, nearline_commit_report* report,
                                                               nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_calibrate(nearline_writer* writer, const char* field,
                                                         const nearline_matrix* queries, nearline_commit_report* report,
                                                         nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_compact(nearline_writer* writer, nearline_commit_report* report,
                                                       nearline_error* error);
NEARLINE_C_API nearline_status nearline_writer_compact_to(nearline_writer* writer, const char* output, int replace,
                                                          nearline_build_report* report, nearline_error* error);

#ifdef __cplusplus
}
#endif
