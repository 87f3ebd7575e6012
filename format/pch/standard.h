// SPDX-License-Identifier: Apache-2.0
/// Standard headers that most sources of format/ read, compiled once for the room; the build includes it, no source
/// does.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
