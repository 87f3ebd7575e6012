// SPDX-License-Identifier: Apache-2.0
#include "engine/vectors/profile_advice.h"

#include <cstdio>

namespace nearline::engine {
namespace {

/// A scan of this many bytes takes about two milliseconds: less than most disks take for a search.
constexpr double kSmallBytes = 20e6;
/// Above this local dimensionality a graph's neighbours tell little about the way to a query.
constexpr double kHighDimension = 30;
constexpr double kLowDimension = 15;
/// A mean this far above the median: some regions are much harder than most.
constexpr double kUneven = 1.5;
constexpr double kUnitLength = 0.001;  // lengths this near to 1 are taken for 1: f16 rounds by half of it
constexpr double kEqualLength = 0.05;  // lengths that differ by less make no difference between ip and cosine

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string counted(std::uint64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

class Adviser {
 public:
  Adviser(const Profile& profile, Metric metric) : profile_(profile), metric_(metric) {}

  std::vector<std::string> all() && {
    if (profile_.rows == 0) return {"The file holds no vectors."};
    on_unusable_rows();
    on_size();
    on_dimensionality();
    on_lengths();
    on_duplicates();
    on_constants();
    return std::move(said_);
  }

 private:
  void say(std::string sentence) { said_.push_back(std::move(sentence)); }

  void on_unusable_rows() {
    if (profile_.invalid_vectors != 0) {
      say(counted(profile_.invalid_vectors, "row") + " with NaN or infinity, the first being row " +
          std::to_string(profile_.first_invalid_row) + ", must be removed: a build refuses them.");
    }
    if (profile_.overlong_vectors != 0) {
      say(counted(profile_.overlong_vectors, "row") + " too long for f32 to hold distances, the first being row " +
          std::to_string(profile_.first_overlong_row) + ", must be removed or scaled down: a build refuses them.");
    }
    if (profile_.zero_vectors != 0 && metric_ == Metric::kCosine) {
      say(counted(profile_.zero_vectors, "zero vector") +
          " must be removed: they have no direction, and a build under cosine refuses them.");
    }
  }

  void on_size() {
    const double bytes =
        static_cast<double>(profile_.rows) * static_cast<double>(vector_bytes(profile_.type, profile_.dim));
    if (bytes > kSmallBytes) return;
    say("All vectors together take " + rounded(bytes / 1e6) +
        " MB: comparing a query with every one of them takes a millisecond or two and is exact, so an index gains "
        "little until the data grows.");
  }

  void on_dimensionality() {
    if (profile_.lid_sample == 0) return;
    const std::string median = "The local intrinsic dimensionality of " + rounded(profile_.lid_median) + " ";
    if (profile_.lid_median > kHighDimension) {
      say(median +
          "is high: expect to need a larger L when searching, and build with R of 48 or 64 and an L of 200 "
          "or more for recall above 0.95.");
    } else if (profile_.lid_median > kLowDimension) {
      say(median + "is moderate: the default R and build L suffice; raise the L of searches for recall above 0.95.");
    } else {
      say(median + "is low: the defaults reach high recall with small L.");
    }
    if (profile_.lid_mean > kUneven * profile_.lid_median) {
      say("Its mean of " + rounded(profile_.lid_mean) +
          " is far above: some regions are much harder than most, so look at the worst queries and not at mean recall "
          "alone.");
    }
  }

  void on_lengths() {
    if (profile_.type == ElementType::kB1 || profile_.norm_max == 0) return;
    if (profile_.norm_min > 1 - kUnitLength && profile_.norm_max < 1 + kUnitLength) {
      say("All vectors have length 1, up to rounding: l2, ip and cosine give the same order, and l2 is the cheapest.");
    } else if (metric_ == Metric::kIp && profile_.norm_min < profile_.norm_max * (1 - kEqualLength)) {
      say("Lengths vary from " + rounded(profile_.norm_min) + " to " + rounded(profile_.norm_max) +
          ": under ip long vectors are near to many queries, so ip and cosine give different answers; take cosine "
          "unless the model was trained for ip.");
    }
  }

  void on_duplicates() {
    if (profile_.duplicates == 0) return;
    const double share = 100 * static_cast<double>(profile_.duplicates) / static_cast<double>(profile_.rows);
    say(counted(profile_.duplicates, "row") + " (" + rounded(share) +
        " %) repeat an earlier row: that does the index no harm, but copies stand side by side in answers and take "
        "space; keep one of each if they mean the same thing.");
  }

  void on_constants() {
    if (profile_.constant_components == 0 || profile_.rows < 2) return;
    const std::string subject = std::to_string(profile_.constant_components) + " of " + std::to_string(profile_.dim) +
                                " components have one value in all rows: ";
    if (metric_ == Metric::kCosine || metric_ == Metric::kJaccard) {
      say(subject + "where that value is 0 they only take space and can be left out.");
    } else {
      say(subject + "they cannot change the order of answers, only take space, and can be left out.");
    }
  }

  const Profile& profile_;
  Metric metric_;
  std::vector<std::string> said_;
};

}  // namespace

std::vector<std::string> advice(const Profile& profile, Metric metric) {
  return Adviser(profile, metric).all();
}

}  // namespace nearline::engine
