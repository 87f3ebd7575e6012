// SPDX-License-Identifier: Apache-2.0
#include "engine/api/cursor_impl.h"

namespace nearline {

Cursor::Cursor(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

Result<AnswerPage> Cursor::next(std::uint32_t n) {
  return impl_->next(n);
}

}  // namespace nearline
