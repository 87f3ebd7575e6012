// SPDX-License-Identifier: Apache-2.0
/// Checks and rescue of index files, and what the machine gives, for nearline/_repair.py.
#include "bindings/python/bridge.h"
#include "nearline/salvage.h"
#include "nearline/statistics.h"
#include "nearline/verify.h"
#include "nearline/version.h"

namespace nearline::python {
namespace {

py::dict verify_file(const py::bytes& path, bool full, const py::object& progress) {
  const Watch watch{progress};
  const auto file = path_of(path);
  const VerifyReport found = watched(watch, [&] { return verify(file, full, watch.function()); });
  py::list findings;
  for (const VerifyFinding& one : found.findings) findings.append(py::make_tuple(one.at, one.what));
  py::dict all;
  all["findings"] = findings;
  all["finding_count"] = found.finding_count;
  all["blocks_checked"] = found.blocks_checked;
  all["bytes_checked"] = found.bytes_checked;
  all["records_checked"] = found.records_checked;
  all["full"] = found.full;
  all["uncommitted_bytes"] = found.uncommitted_bytes;
  return all;
}

py::dict salvage_file(const py::bytes& path, const py::bytes& output, std::uint64_t memory, std::uint32_t threads,
                      bool replace, const py::object& progress) {
  const Watch watch{progress};
  const auto from = path_of(path);
  const auto to = path_of(output);
  const SalvageOptions options{
      .memory_bytes = memory, .threads = threads, .replace = replace, .progress = watch.function()};
  const SalvageReport done = watched(watch, [&] { return salvage(from, to, options); });
  py::list bytes, ids;
  for (const LostBytes& lost : done.lost_bytes) bytes.append(py::make_tuple(lost.at, lost.bytes, lost.records));
  for (const LostIds& lost : done.lost_ids) ids.append(py::make_tuple(lost.first, lost.last, lost.records));
  py::dict all;
  all["complete"] = done.complete();
  all["generation"] = done.generation;
  all["newer_generation"] = done.newer_generation;
  all["by_footer"] = done.by_footer;
  all["saved"] = done.saved;
  all["lost"] = done.lost;
  all["deleted"] = done.deleted;
  all["unsure"] = done.unsure;
  all["repeated"] = done.repeated;
  all["lost_bytes"] = bytes;
  all["lost_ids"] = ids;
  all["file_bytes"] = done.file_bytes;
  return all;
}

py::dict machine() {
  const SystemInfo info = system_info();
  if (!info.kernels_reason.empty()) raise({.code = Code::kInvalidArgument, .what = info.kernels_reason});
  py::dict all;
  all["io_uring"] = info.io_uring;
  all["io_uring_reason"] = info.io_uring_reason;
  all["kernels"] = info.kernels;
  all["fused"] = info.fused;
  all["processors"] = info.processors;
  all["memory_bytes"] = info.memory_bytes;
  all["available_memory_bytes"] = info.available_memory_bytes;
  return all;
}

}  // namespace

void bind_repair(py::module_& module) {
  module.def("verify", verify_file);
  module.def("salvage", salvage_file);
  module.def("system_info", machine);
  module.attr("version") = version();
}

}  // namespace nearline::python
