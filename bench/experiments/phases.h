// SPDX-License-Identifier: Apache-2.0
/// CPU-seconds of named phases. Read at the ends of batches and leaves only: a reading is a system call.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <map>
#include <string>

namespace nearline::experiments {

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Largest resident size of the process so far, in MB.
inline double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

class Phases {
 public:
  /// Charges the CPU time since the last call (or construction) to `name`.
  void charge(const std::string& name) {
    const double now = cpu_seconds();
    seconds_[name] += now - last_;
    last_ = now;
  }
  [[nodiscard]] const std::map<std::string, double>& seconds() const { return seconds_; }
  [[nodiscard]] double total() const {
    double sum = 0;
    for (const auto& [name, seconds] : seconds_) sum += seconds;
    return sum;
  }

 private:
  double last_ = cpu_seconds();
  std::map<std::string, double> seconds_;
};

}  // namespace nearline::experiments
