// SPDX-License-Identifier: Apache-2.0
/// nearline nearest: the records whose place is nearest to one.
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <vector>

#include "nearline/index.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index;
  std::string at;
  PlaceOptions place;
  OpenOptions open{.io = IoMode::kPread, .threads = 1};
  bool json = false;
};

std::optional<double> degrees(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

int run(Options& options) {
  const std::size_t comma = std::min(options.at.find(','), options.at.size());
  const auto lat = degrees(std::string_view(options.at).substr(0, comma));
  const auto lon = comma == options.at.size() ? std::nullopt : degrees(std::string_view(options.at).substr(comma + 1));
  if (options.place.attribute.empty() || !lat || !lon) {
    return fail({Code::kInvalidArgument,
                 "nearest: expected --by ATTRIBUTE and --at=LATITUDE,LONGITUDE, such as --at=48.2,16.37"});
  }
  options.place.at = {*lat, *lon};
  const auto index = Index::open(options.index, options.open);
  if (!index) return fail(index.error());
  const auto found = index->nearest_places(options.place);
  if (!found) return fail(found.error());
  if (options.json) {
    std::vector<JsonLine> places(found->ids.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      places[i].put("id", found->ids[i]).put("metres", found->metres[i]);
      places[i].put("lat", found->places[i].lat).put("lon", found->places[i].lon);
    }
    JsonLine line;
    line.put("count", places.size()).put("places", std::span<const JsonLine>(places));
    line.put("matches", found->matches).print();
    return 0;
  }
  fmt::print("{:>4}  {:>10}  {:>12}  {:>11}  {:>12}\n", "rank", "id", "metres", "latitude", "longitude");
  for (std::size_t i = 0; i < found->ids.size(); ++i) {
    fmt::print("{:>4}  {:>10}  {:>12.1f}  {:>11.7f}  {:>12.7f}\n", i + 1, found->ids[i], found->metres[i],
               found->places[i].lat, found->places[i].lon);
  }
  return 0;
}

}  // namespace

Action declare_nearest(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.text("--by", options->place.attribute, "ATTRIBUTE", "of type place: where a record is");
  args.text("--at", options->at, "LAT,LON",
            "degrees, to the north and to the east; --at=LAT,LON where the first is below 0");
  args.number("-k", options->place.k, "records to find, the nearest by great circle, exactly", 1);
  args.filter(options->place.filter);
  args.memory(options->open.memory_bytes);
  args.untrusted(options->open.untrusted);
  args.json(options->json);
  args.example("nearline nearest towns.near --by home --at 48.2,16.37 -k 5");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
