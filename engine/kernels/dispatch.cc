// SPDX-License-Identifier: Apache-2.0
/// Chooses the target once, when the first kernel is asked for: the best that the machine runs, or the one that the
/// environment variable NEARLINE_KERNELS names.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/kernels/hwy_config.h"
#include "engine/kernels/kernel_table.h"
#include "engine/kernels/processor.h"
#include "hwy/targets.h"

namespace nearline::kernels {
namespace {

constexpr const char* kScalarName = "SCALAR";
constexpr std::int64_t kFallbacks = HWY_SCALAR | HWY_EMU128;

/// All runnable targets' tables, best first, the scalar one last.
class Targets {
 public:
  Targets() noexcept {
    // A lower bit is a better target.
    for (std::int64_t left = runnable_targets() & HWY_TARGETS & ~kFallbacks; left != 0; left &= left - 1) {
      if (count_ + 1 == kMost) break;
      const std::int64_t target = left & -left;
      KernelTable& table = add(hwy::TargetName(target));
      add_float_kernels(target, table);
      add_int_kernels(target, table);
      add_bit_kernels(target, table);
      add_code_kernels(target, table);
      add_conversions(target, table);
    }
    add(kScalarName);
    if (const char* wanted = std::getenv("NEARLINE_KERNELS")) known_ = use(wanted);
  }

  bool use(const char* name) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (std::strcmp(names_[i], name) == 0) {
        chosen_ = i;
        return true;
      }
    }
    return false;
  }

  void use_best() noexcept { chosen_ = 0; }
  [[nodiscard]] KernelTable& chosen() noexcept { return tables_[chosen_]; }
  [[nodiscard]] const char* chosen_name() const noexcept { return names_[chosen_]; }
  [[nodiscard]] bool environment_is_known() const noexcept { return known_; }
  [[nodiscard]] KernelTable& scalar() noexcept { return tables_[count_ - 1]; }
  [[nodiscard]] std::span<const char* const> names() const noexcept { return {names_.data(), count_}; }

 private:
  static constexpr std::size_t kMost = 8;

  KernelTable& add(const char* name) noexcept {
    names_[count_] = name;
    add_scalar_kernels(tables_[count_]);
    return tables_[count_++];
  }

  std::array<const char*, kMost> names_{};
  std::array<KernelTable, kMost> tables_{};
  std::size_t count_ = 0;
  bool known_ = true;
  std::atomic<std::size_t> chosen_ = 0;
};

Targets& all() noexcept {
  static Targets targets;
  return targets;
}

}  // namespace

Kernel kernel(Raw raw, ElementType stored) noexcept {
  return all().chosen().at(raw, stored);
}

Kernel scalar_kernel(Raw raw, ElementType stored) noexcept {
  return all().scalar().at(raw, stored);
}

std::span<const char* const> targets() noexcept {
  return all().names();
}

const char* target() noexcept {
  return all().chosen_name();
}

bool fused() noexcept {
  return all().chosen().fused;
}

Result<void> check_environment() {
  if (all().environment_is_known()) return {};
  const char* wanted = std::getenv("NEARLINE_KERNELS");
  std::string names;
  for (const char* name : targets()) names += (names.empty() ? "" : ", ") + std::string(name);
  return Error{.code = Code::kInvalidArgument,
               .what = "the environment variable NEARLINE_KERNELS is \"" +
                       std::string(wanted == nullptr ? "" : wanted) + "\": expected one of " + names};
}

bool use_target(const char* name) noexcept {
  if (name != nullptr) return all().use(name);
  all().use_best();
  return true;
}

void to_f32(ElementType from, const std::byte* in, std::size_t count, float* out) noexcept {
  all().chosen().to_f32[static_cast<std::size_t>(from)](in, count, out);
}

void from_f32(ElementType to, const float* in, std::size_t count, std::byte* out) noexcept {
  all().chosen().from_f32[static_cast<std::size_t>(to)](in, count, out);
}

void nearest_centroids(const float* parts, std::size_t stride, const float* table, std::size_t width, std::uint8_t* out,
                       std::size_t out_stride) noexcept {
  all().chosen().codes.nearest_centroids(parts, stride, table, width, out, out_stride);
}

void centroid_products(const float* part, const float* table, std::size_t width, float* out) noexcept {
  all().chosen().codes.centroid_products(part, table, width, out);
}

void to_i16(const float* in, std::size_t count, float factor, std::int16_t* out) noexcept {
  all().chosen().codes.to_i16(in, count, factor, out);
}

float largest_magnitude(const float* in, std::size_t count) noexcept {
  return all().chosen().codes.largest_magnitude(in, count);
}

float squared_norm(ElementType type, const std::byte* in, std::size_t dim) noexcept {
  return all().chosen().squared_norm[static_cast<std::size_t>(type)](in, dim);
}

}  // namespace nearline::kernels
