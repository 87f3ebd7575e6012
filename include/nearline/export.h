// SPDX-License-Identifier: Apache-2.0
/// Marks what the shared library shows; everything else is built with hidden visibility.
#pragma once

#define NEARLINE_API [[gnu::visibility("default")]]
