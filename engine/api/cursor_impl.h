// SPDX-License-Identifier: Apache-2.0
/// What stands behind a Cursor, for the two files that make and use it.
#pragma once

#include "engine/query/paged_answers.h"
#include "nearline/paging.h"

namespace nearline {

class Cursor::Impl : public engine::PagedAnswers {
 public:
  explicit Impl(engine::PagedAnswers&& answers) noexcept : engine::PagedAnswers(std::move(answers)) {}
};

}  // namespace nearline
