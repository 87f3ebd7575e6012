// SPDX-License-Identifier: Apache-2.0
/// Which targets Highway makes of a kernel file. Included before any header of Highway, in every file that uses it.
#pragma once

/// The AVX-512 of Ice Lake and Zen 4, left out by default; its dot products and bit counts are worth it.
#define HWY_WANT_AVX3_DL 1

/// SSSE3 is not worth its code. Vectors of unknown length (SVE, RVV) cannot be kept in arrays, as the kernels do;
/// machines with SVE run NEON.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
