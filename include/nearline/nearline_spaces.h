// SPDX-License-Identifier: Apache-2.0
/// The C interface's spaces: further fields of an index, what is done to vectors before they are stored, and searches
/// over several fields at once. nearline.h has the conventions. Where a call takes a `field`, it is a name, and NULL or
/// an empty one is the first.
#pragma once

#include "nearline/nearline.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A further vector space of an index's records (schema.h). It never grows. name: 1 to 63 bytes of UTF-8 and a zero.
typedef struct nearline_field {
  char name[64];
  uint32_t dim;  // of what is stored
  uint32_t type;
  uint32_t metric;
  uint32_t stored_only;  // 1: no graph
} nearline_field;

/// What vectors of a field go through before they are stored, or its queries before they are compared (transform.h).
/// It never grows. Where there is one of records, the `dim` that a build is told of the field is what comes into it.
typedef struct nearline_transform {
  const char* field;                // NULL: the first
  const char* text;                 // "center, matrix(turn, orthogonal)"; "relative(anchors)"
  const char* const* names;         // of the matrices that the text names: "turn", "anchors"
  const nearline_matrix* matrices;  // [matrix_count] of f32, one for each name
  size_t matrix_count;
  uint32_t of_queries;  // 1: of queries alone, which another encoder made; records go through what another one says
  uint32_t reserved;    // 0
} nearline_transform;

/// What build options say of fields.
typedef struct nearline_spaces {
  size_t size;
  const char* name;              // of the first field; NULL: "vector"
  const nearline_field* fields;  // further ones; NULL: none
  size_t field_count;
  const nearline_transform* transforms;  // at most one of records and one of queries for each field; NULL: none
  size_t transform_count;
  uint32_t stored_only;  // 1: the first field has no graph
  uint32_t reserved;     // 0
} nearline_spaces;

/// All fields, the first one first. fields: room for `capacity`, of which as many are filled as there are; count: how
/// many there are. fields may be NULL where capacity is 0.
NEARLINE_C_API nearline_status nearline_index_get_fields(const nearline_index* index, nearline_field* fields,
                                                         size_t capacity, size_t* count, nearline_error* error);
/// Its transform of records or, where of_queries is not 0, of queries, as text with the shapes of matrices; empty where
/// it has none. text: room for `capacity` bytes, which end with a zero; length: of the whole text. text may be NULL
/// where capacity is 0.
NEARLINE_C_API nearline_status nearline_index_get_transform(const nearline_index* index, const char* field,
                                                            int of_queries, char* text, size_t capacity, size_t* length,
                                                            nearline_error* error);

/// Vectors of a further field for records that the first one has, or will have when the build finishes. ids: one per
/// row; NULL: the running row number of this field.
NEARLINE_C_API nearline_status nearline_builder_add_field(nearline_builder* builder, const char* field,
                                                          const nearline_matrix* vectors, const uint64_t* ids,
                                                          nearline_error* error);
/// In place of those that the records have there. ids: one per row.
NEARLINE_C_API nearline_status nearline_writer_set_field(nearline_writer* writer, const char* field,
                                                         const nearline_matrix* vectors, const uint64_t* ids,
                                                         nearline_error* error);
/// erased, unknown: how many of the ids had a vector there, and had none; may be NULL.
NEARLINE_C_API nearline_status nearline_writer_erase_field(nearline_writer* writer, const char* field,
                                                           const uint64_t* ids, size_t count, uint64_t* erased,
                                                           uint64_t* unknown, nearline_error* error);

// Searches over several fields (fusion.h). ----------------------------------------------------------------------------

/// What is asked of one field. It never grows.
typedef struct nearline_field_queries {
  const char* field;       // NULL: the first
  nearline_matrix matrix;  // as many rows in each field
  float weight;            // of the field's distances; 0 leaves it out
  uint32_t reserved;       // 0
} nearline_field_queries;

typedef struct nearline_fusion_options {
  size_t size;
  const char* filter;     // NULL: all records
  const char* choose_by;  // only what a search in this field finds is compared; NULL: all records
  uint32_t k;             // 0: 10
  uint32_t exact;         // 1: the nearest for certain
  uint32_t has_missing;   // 1: a record that lacks a field counts with `missing` there; 0: it is no answer
  float missing;
  uint32_t candidates;  // of choose_by; 0: 100, or k where that is more
  uint32_t reserved;    // 0
} nearline_fusion_options;

/// The nearest by the sum of the distances in all fields, each times its weight. options: may be NULL. result: as of
/// nearline_index_search.
NEARLINE_C_API nearline_status nearline_index_search_fields(const nearline_index* index,
                                                            const nearline_field_queries* fields, size_t field_count,
                                                            const nearline_fusion_options* options,
                                                            nearline_search_result* result, nearline_error* error);

#ifdef __cplusplus
}
#endif
