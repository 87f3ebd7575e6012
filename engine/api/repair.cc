// SPDX-License-Identifier: Apache-2.0
/// `verify` and `salvage`, on the system's own files.
#include "engine/repair/salvage.h"
#include "engine/repair/verify.h"
#include "nearline/salvage.h"
#include "nearline/verify.h"

namespace nearline {

Result<VerifyReport> verify(const std::filesystem::path& path, bool full, const ProgressFn& progress) {
  return engine::verify(io::real_file_system(), path, full, progress);
}

Result<SalvageReport> salvage(const std::filesystem::path& path, const std::filesystem::path& output,
                              const SalvageOptions& options) {
  return engine::salvage(io::real_file_system(), path, output, options);
}

}  // namespace nearline
