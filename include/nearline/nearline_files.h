// SPDX-License-Identifier: Apache-2.0
/// The C interface's second part: files of vectors and of neighbours, brute force, what a build will take, and what
/// checks and saves index files. nearline.h has the conventions.
#pragma once

#include "nearline/nearline.h"

#ifdef __cplusplus
extern "C" {
#endif

// Files of vectors (vector_file.h). ---------------------------------------------------------------------------------

typedef struct nearline_vector_file nearline_vector_file;
typedef struct nearline_vector_writer nearline_vector_writer;

typedef struct nearline_vector_file_info {
  size_t size;
  uint64_t rows;
  uint32_t dim;
  uint32_t type;
} nearline_vector_file_info;

/// form: the extension to go by where the name has none, ".fbin"; may be NULL.
NEARLINE_C_API nearline_status nearline_vector_file_open(const char* path, const char* form,
                                                         nearline_vector_file** file, nearline_error* error);
NEARLINE_C_API void nearline_vector_file_close(nearline_vector_file** file);
NEARLINE_C_API nearline_status nearline_vector_file_get_info(const nearline_vector_file* file,
                                                             nearline_vector_file_info* info, nearline_error* error);
/// Copies rows [first, first + count); out_bytes: just as many as they take.
NEARLINE_C_API nearline_status nearline_vector_file_read(const nearline_vector_file* file, uint64_t first,
                                                         uint64_t count, void* out, size_t out_bytes,
                                                         nearline_error* error);
/// Copies the file into the form of `output`'s extension. progress, rows: may be NULL.
NEARLINE_C_API nearline_status nearline_vector_file_convert(const nearline_vector_file* file, const char* output,
                                                            int replace, nearline_progress_fn progress, void* context,
                                                            uint64_t* rows, nearline_error* error);

/// type: of the vectors that will come. expected_rows: how many will; 0 where it is not known.
NEARLINE_C_API nearline_status nearline_vector_writer_create(const char* path, uint32_t type, uint32_t dim, int replace,
                                                             uint64_t expected_rows, nearline_vector_writer** writer,
                                                             nearline_error* error);
NEARLINE_C_API nearline_status nearline_vector_writer_append(nearline_vector_writer* writer,
                                                             const nearline_matrix* vectors, nearline_error* error);
/// The file appears, whole and durable. Once, whatever the status; closing without it leaves nothing behind.
NEARLINE_C_API nearline_status nearline_vector_writer_finish(nearline_vector_writer* writer, nearline_error* error);
NEARLINE_C_API void nearline_vector_writer_close(nearline_vector_writer** writer);

// Neighbours, found by brute force or read from a file (exact.h, vector_file.h). --------------------------------------

typedef struct nearline_neighbors nearline_neighbors;

/// [queries x k]; padding of short rows is NEARLINE_NO_ID. The arrays live as long as the handle that gave them.
typedef struct nearline_neighbor_table {
  size_t size;
  uint64_t queries;
  const uint64_t* ids;
  const float* distances;  // NULL where the file has none
  uint32_t k;
  uint32_t reserved;
} nearline_neighbor_table;

typedef struct nearline_exact_options {
  size_t size;
  uint64_t memory_bytes;  // 0: 256 MiB
  uint32_t k;             // 0: 100
  uint32_t metric;        // NEARLINE_L2, ...; 0: l2
  uint32_t threads;       // 0: one per processor
  uint32_t reserved;      // 0
  nearline_progress_fn progress;
  void* progress_context;
} nearline_exact_options;

/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_exact_neighbors(const nearline_vector_file* base,
                                                        const nearline_vector_file* queries,
                                                        const nearline_exact_options* options,
                                                        nearline_neighbors** neighbors, nearline_error* error);
NEARLINE_C_API nearline_status nearline_neighbors_read(const char* path, nearline_neighbors** neighbors,
                                                       nearline_error* error);
NEARLINE_C_API nearline_status nearline_neighbors_get_table(const nearline_neighbors* neighbors,
                                                            nearline_neighbor_table* table, nearline_error* error);
NEARLINE_C_API void nearline_neighbors_close(nearline_neighbors** neighbors);
NEARLINE_C_API nearline_status nearline_neighbors_write(const char* path, const nearline_neighbor_table* table,
                                                        int replace, nearline_error* error);

typedef struct nearline_profile_options {
  size_t size;
  uint64_t seed;     // 0: 1
  uint32_t metric;   // 0: l2
  uint32_t sample;   // 0: 1000
  uint32_t k;        // 0: 100
  uint32_t threads;  // 0: one per processor
  nearline_progress_fn progress;
  void* progress_context;
  nearline_text_fn advice;  // gets what follows for an index, a sentence at a time
  void* advice_context;
} nearline_profile_options;

typedef struct nearline_profile {
  size_t size;
  uint64_t rows;
  uint64_t zero_vectors;
  uint64_t invalid_vectors;
  uint64_t first_invalid_row;  // NEARLINE_NO_ID when there is none
  uint64_t overlong_vectors;
  uint64_t first_overlong_row;  // NEARLINE_NO_ID when there is none
  uint64_t duplicates;
  uint64_t constant_components;
  double norm_min;
  double norm_mean;
  double norm_max;
  double lid_mean;
  double lid_median;
  uint32_t lid_k;
  uint32_t lid_sample;
  uint32_t dim;
  uint32_t type;
} nearline_profile;

/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_profile_file(const nearline_vector_file* file,
                                                     const nearline_profile_options* options, nearline_profile* profile,
                                                     nearline_error* error);

// What a build will take (builder.h). ------------------------------------------------------------------------------

typedef struct nearline_estimate {
  size_t size;
  uint64_t file_bytes;
  uint64_t build_memory_bytes;
  uint64_t least_build_memory_bytes;
  uint64_t search_memory_bytes;
  uint64_t code_search_memory_bytes;
  double build_cpu_seconds;
  uint32_t layout;
  uint32_t reserved;
} nearline_estimate;

/// What a build of `count` vectors will take. options: may be NULL.
NEARLINE_C_API nearline_status nearline_estimate_build(uint64_t count, const nearline_schema* schema,
                                                       const nearline_build_options* options,
                                                       nearline_estimate* estimate, nearline_error* error);

// Checks and rescue of index files (verify.h, salvage.h).
// --------------------------------------------------------------

typedef void (*nearline_finding_fn)(void* context, uint64_t at, const char* what);

typedef struct nearline_verify_options {
  size_t size;
  uint32_t full;      // 1: every block and the structure
  uint32_t reserved;  // 0
  nearline_progress_fn progress;
  void* progress_context;
  nearline_finding_fn finding;  // gets what is wrong, the first 100
  void* finding_context;
} nearline_verify_options;

typedef struct nearline_verify_report {
  size_t size;
  uint64_t blocks_checked;
  uint64_t bytes_checked;
  uint64_t records_checked;
  uint64_t finding_count;  // 0: good. Damage is a finding and no error
  uint64_t uncommitted_bytes;
  uint32_t full;
  uint32_t reserved;
} nearline_verify_report;

/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_verify(const char* path, const nearline_verify_options* options,
                                               nearline_verify_report* report, nearline_error* error);

/// The graph as one pass over all pages counts it, which checks them, too.
typedef struct nearline_graph_statistics {
  size_t size;
  uint64_t records;
  uint64_t edges;
  uint64_t local_edges;
  uint64_t in_degree_records;
  uint64_t pages;
  uint64_t vector_bytes;
  uint64_t list_bytes;
  uint64_t list_spare_bytes;
  uint64_t head_bytes;
  uint32_t in_degree_max;
  uint32_t reserved;
  uint64_t degrees[1025];   // [d]: records with d neighbours
  uint64_t in_degrees[64];  // [0]: records that no edge leads to; [b]: those that 2^(b-1) to 2^b - 1 edges lead to
  uint64_t fill[20];        // [i]: pages from i/20 to (i + 1)/20 full
} nearline_graph_statistics;

/// progress: may be NULL.
NEARLINE_C_API nearline_status nearline_index_get_graph_statistics(const nearline_index* index, const char* field,
                                                                   nearline_graph_statistics* statistics,
                                                                   nearline_progress_fn progress, void* context,
                                                                   nearline_error* error);

/// What this machine gives.
typedef struct nearline_system_info {
  size_t size;
  uint64_t memory_bytes;
  uint64_t available_memory_bytes;
  uint32_t processors;
  uint32_t io_uring;          // 1: it can be used
  uint32_t fused;             // 1: its files are those of all machines with fused multiply-add
  char kernels[44];           // SIMD target in use
  char io_uring_reason[256];  // why not, when not
} nearline_system_info;

NEARLINE_C_API nearline_status nearline_get_system_info(nearline_system_info* info, nearline_error* error);

/// Bytes: first and how many; ids: first and last.
typedef void (*nearline_lost_fn)(void* context, uint64_t first, uint64_t bytes_or_last, uint64_t records);

typedef struct nearline_salvage_options {
  size_t size;
  uint64_t memory_bytes;  // 0: 512 MiB
  uint32_t threads;       // 0: one per processor
  uint32_t replace;       // 1: the output may exist
  nearline_progress_fn progress;
  void* progress_context;
  nearline_lost_fn lost_bytes;  // at most 100 times
  nearline_lost_fn lost_ids;    // at most 100 times
  void* lost_context;
} nearline_salvage_options;

typedef struct nearline_salvage_report {
  size_t size;
  uint64_t generation;
  uint64_t newer_generation;
  uint64_t saved;
  uint64_t lost;
  uint64_t deleted;
  uint64_t unsure;
  uint64_t repeated;
  uint64_t file_bytes;
  uint32_t by_footer;
  uint32_t complete;
} nearline_salvage_report;

/// options: may be NULL.
NEARLINE_C_API nearline_status nearline_salvage(const char* path, const char* output,
                                                const nearline_salvage_options* options,
                                                nearline_salvage_report* report, nearline_error* error);

#ifdef __cplusplus
}
#endif
