// SPDX-License-Identifier: Apache-2.0
/// What the C interface tells of a graph and of the machine.
#include "nearline/statistics.h"

#include <span>

#include "bindings/c/handles.h"
#include "nearline/nearline_files.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

/// As much as there is room for; the rest stays zero.
template <std::size_t N>
void fill(std::uint64_t (&to)[N], std::span<const std::uint64_t> from) {
  std::copy_n(from.begin(), std::min(N, from.size()), to);
}
template <std::size_t N>
void fill(char (&to)[N], const std::string& from) {
  std::copy_n(from.begin(), std::min(N - 1, from.size()), to);
}

}  // namespace

nearline_status nearline_index_get_graph_statistics(const nearline_index* index, const char* field,
                                                    nearline_graph_statistics* to, nearline_progress_fn progress,
                                                    void* context, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_CHECK(c::check_report(to, "statistics"));
    NEARLINE_TRY(found, index->index.graph_statistics(c::progress_fn(progress, context), c::text_or_none(field)));
    nearline_graph_statistics all{.size = 0,
                                  .records = found.records,
                                  .edges = found.edges,
                                  .local_edges = found.local_edges,
                                  .in_degree_records = found.in_degree_records,
                                  .pages = found.pages,
                                  .vector_bytes = found.vector_bytes,
                                  .list_bytes = found.list_bytes,
                                  .list_spare_bytes = found.list_spare_bytes,
                                  .head_bytes = found.head_bytes,
                                  .in_degree_max = found.in_degree_max,
                                  .reserved = 0,
                                  .degrees = {},
                                  .in_degrees = {},
                                  .fill = {}};
    fill(all.degrees, found.degrees);
    fill(all.in_degrees, found.in_degrees);
    fill(all.fill, found.fill);
    c::give(to, all);
    return {};
  });
}

nearline_status nearline_get_system_info(nearline_system_info* to, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::check_report(to, "info"));
    const SystemInfo info = system_info();
    if (!info.kernels_reason.empty()) return Error{.code = Code::kInvalidArgument, .what = info.kernels_reason};
    nearline_system_info all{.size = 0,
                             .memory_bytes = info.memory_bytes,
                             .available_memory_bytes = info.available_memory_bytes,
                             .processors = info.processors,
                             .io_uring = info.io_uring ? 1U : 0U,
                             .fused = info.fused ? 1U : 0U,
                             .kernels = {},
                             .io_uring_reason = {}};
    fill(all.kernels, info.kernels);
    fill(all.io_uring_reason, info.io_uring_reason);
    c::give(to, all);
    return {};
  });
}
