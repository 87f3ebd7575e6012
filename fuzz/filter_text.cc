// SPDX-License-Identifier: Apache-2.0
/// Any text is a filter or an error that names a byte of it; a filter, printed and read again, is the same filter, and
/// so is its normal form.
#include <string_view>

#include "engine/filter/parse.h"
#include "fuzz/property.h"

namespace {

using namespace nearline;

void check(const engine::Expression& expression) {
  const auto again = engine::parse(engine::print(expression));
  FUZZ_PROPERTY(again.has_value() && *again == expression);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = engine::parse(text);
  if (!parsed) {
    FUZZ_PROPERTY(parsed.error().what.starts_with("filter, byte "));
    return 0;
  }
  check(*parsed);
  const engine::Expression normal = engine::normalized(*parsed);
  check(normal);
  FUZZ_PROPERTY(engine::normalized(normal) == normal);
  return 0;
}
