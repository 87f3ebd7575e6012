// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/processor.h"

#include "engine/kernels/hwy_config.h"
#include "hwy/targets.h"

namespace nearline::kernels {

std::int64_t runnable_targets() noexcept {
  std::int64_t targets = HWY_STATIC_TARGET;  // what all code here was compiled for
#if HWY_ARCH_X86
  // Extensions that every processor has which has these are not asked for: lzcnt and f16c with AVX2; GFNI, VAES with
  // the last group. The operating system's consent to wide registers is part of the answer.
  __builtin_cpu_init();
  if (!(__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("aes")))
    return targets;
  targets |= HWY_SSE4;
  if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2")))
    return targets;
  targets |= HWY_AVX2;
  if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd")))
    return targets;
  targets |= HWY_AVX3;
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bitalg") &&
      __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vbmi") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("vpclmulqdq"))
    targets |= HWY_AVX3_DL;
#endif
  return targets;
}

}  // namespace nearline::kernels
