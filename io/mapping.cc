// SPDX-License-Identifier: Apache-2.0
/// The only file that knows Boost.Interprocess; its exceptions end here. Boost's file_mapping opens a file by name,
/// which might be another file by then: mapped_region takes any class that names a handle, so it is given ours.
#include "io/mapping.h"

#include <sys/mman.h>

#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>

#include "io/system_error.h"

namespace nearline::io {
namespace {

namespace bip = boost::interprocess;

class OpenFile {
 public:
  explicit OpenFile(int descriptor) noexcept : descriptor_(descriptor) {}
  [[nodiscard]] bip::mapping_handle_t get_mapping_handle() const noexcept { return {descriptor_, false}; }
  [[nodiscard]] bip::mode_t get_mode() const noexcept { return bip::read_only; }

 private:
  int descriptor_;
};

class Region final : public Mapping {
 public:
  explicit Region(bip::mapped_region region) noexcept : region_(std::move(region)) {}

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept override {
    return {static_cast<const std::byte*>(region_.get_address()), region_.get_size()};
  }

  void will_need(std::uint64_t at, std::uint64_t bytes) const noexcept override {
    ::madvise(address(at), bytes, MADV_WILLNEED);
  }

  [[nodiscard]] int populate(std::uint64_t at, std::uint64_t bytes) const noexcept override {
#ifdef MADV_POPULATE_READ
    while (::madvise(address(at), bytes, MADV_POPULATE_READ) != 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return errno == EINVAL ? 0 : errno;  // EINVAL: a kernel before 5.14
    }
#endif
    return 0;
  }

 private:
  [[nodiscard]] void* address(std::uint64_t at) const noexcept {
    return static_cast<std::byte*>(region_.get_address()) + at;
  }

  bip::mapped_region region_;
};

bip::mapped_region::advice_types advice_for(Access access) noexcept {
  switch (access) {
    case Access::kRandom: return bip::mapped_region::advice_random;
    case Access::kSequential: return bip::mapped_region::advice_sequential;
    case Access::kNormal: break;
  }
  return bip::mapped_region::advice_normal;
}

}  // namespace

Result<std::unique_ptr<Mapping>> map_descriptor(int descriptor, const std::filesystem::path& path, std::uint64_t bytes,
                                                Access access) {
  if (bytes == 0) return std::unique_ptr<Mapping>(std::make_unique<Region>(bip::mapped_region()));
  try {
    bip::mapped_region region(OpenFile(descriptor), bip::read_only, 0, static_cast<std::size_t>(bytes));
    region.advise(advice_for(access));
    return std::unique_ptr<Mapping>(std::make_unique<Region>(std::move(region)));
  } catch (const bip::interprocess_exception& failure) {
    const int number = failure.get_native_error();
    auto error = system_error(number, "cannot map into memory", path);
    if (number == ENODEV) error.code = Code::kUnsupported;  // this file system has no memory maps
    return error;
  }
}

}  // namespace nearline::io
