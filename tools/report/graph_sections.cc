// SPDX-License-Identifier: Apache-2.0
/// What the graph and its pages look like, and how the data spreads.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tools/console.h"
#include "tools/percentile.h"
#include "tools/report/chart.h"
#include "tools/report/html.h"
#include "tools/report/sections.h"

namespace nearline::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kMostBars = 64;

double as_double(std::uint64_t value) noexcept {
  return static_cast<double>(value);
}

std::string range_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? grouped(first) : grouped(first) + " to " + grouped(last);
}

/// A chart with its numbers folded away under it.
std::string histogram(const ChartText& text, std::span<const ChartBar> bars, double whole) {
  Rows rows;
  for (const ChartBar& bar : bars)
    if (bar.value > 0)
      rows.push_back({bar.label, grouped(static_cast<std::uint64_t>(bar.value)), percent(bar.value, whole)});
  const std::vector<std::string> head = {text.x, text.y, "share"};
  return figure(text.name, bar_chart(text, bars) + folded("the same in numbers", table(head, rows)));
}

ChartBar bar(std::string label, const std::string& what, std::uint64_t value, std::uint64_t whole) {
  std::string tip = fmt::format("{}: {} ({})", what, grouped(value), percent(as_double(value), as_double(whole)));
  return {std::move(label), std::move(tip), as_double(value)};
}

/// From the least degree that occurs to the greatest; several to a bar where there are many.
std::string degree_chart(const GraphStatistics& graph) {
  const auto occurs = [](std::uint64_t records) { return records > 0; };
  const auto first = static_cast<std::size_t>(std::find_if(graph.degrees.begin(), graph.degrees.end(), occurs) -
                                              graph.degrees.begin());
  const std::size_t end = static_cast<std::size_t>(graph.degrees.rend() -
                                                   std::find_if(graph.degrees.rbegin(), graph.degrees.rend(), occurs));
  const std::size_t width = (end - first + kMostBars - 1) / kMostBars;
  std::vector<ChartBar> bars;
  for (std::size_t degree = first; degree < end; degree += width) {
    const std::size_t last = std::min(end, degree + width) - 1;
    const auto at = [&](std::size_t i) { return graph.degrees.begin() + static_cast<std::ptrdiff_t>(i); };
    const std::uint64_t records = std::accumulate(at(degree), at(last + 1), std::uint64_t{0});
    bars.push_back(bar(range_text(degree, last), range_text(degree, last) + " neighbours", records, graph.records));
  }
  return histogram({"Edges out of a record", "neighbours", "records"}, bars, as_double(graph.records));
}

std::string in_degree_chart(const GraphStatistics& graph) {
  std::vector<ChartBar> bars;
  for (std::size_t bin = 0; bin < graph.in_degrees.size(); ++bin) {
    const std::uint64_t least = bin == 0 ? 0 : std::uint64_t{1} << (bin - 1);
    const std::uint64_t most = bin == 0 ? 0 : 2 * least - 1;
    const std::string label = least == most ? grouped(least) : fmt::format("{}-{}", least, most);
    bars.push_back(bar(label, label + " edges lead to it", graph.in_degrees[bin], graph.in_degree_records));
  }
  return histogram({"Edges into a record", "edges that lead to it", "records"}, bars,
                   as_double(graph.in_degree_records));
}

std::string fill_chart(const GraphStatistics& graph) {
  std::vector<ChartBar> bars;
  for (std::size_t i = 0; i < graph.fill.size(); ++i) {
    const std::size_t step = 100 / graph.fill.size();
    const std::string label = fmt::format("{} %", i * step);
    bars.push_back(bar(label, fmt::format("{} to {} % full", i * step, (i + 1) * step), graph.fill[i], graph.pages));
  }
  return histogram({"Page fill", "full from (in steps of 5 %)", "pages"}, bars, as_double(graph.pages));
}

std::string dimension_chart(std::span<const double> dimensions) {
  constexpr std::size_t kBins = 20;
  const Axis axis = Axis::linear(dimensions.front(), dimensions.back());
  const double low = axis.ticks().front();
  const double width = (axis.ticks().back() - low) / kBins;
  std::vector<std::uint64_t> counts(kBins, 0);
  for (const double dimension : dimensions)
    ++counts[std::min(kBins - 1, static_cast<std::size_t>(axis.place(dimension) * kBins))];
  std::vector<ChartBar> bars;
  for (std::size_t i = 0; i < kBins; ++i) {
    const double from = low + static_cast<double>(i) * width;
    const std::string what = fmt::format("{:.3g} to {:.3g}", from, from + width);
    bars.push_back(bar(fmt::format("{:.3g}", from), what, counts[i], dimensions.size()));
  }
  return histogram({"Dimensionality around a record", fmt::format("from (in steps of {:.3g})", width), "records"}, bars,
                   as_double(dimensions.size()));
}

}  // namespace

std::string graph_section(const Report& report) {
  const GraphStatistics& graph = report.graph;
  const std::uint64_t lonely = graph.in_degrees[0];
  std::string text = fmt::format("{} edges, {} a record, of at most {}. At most {} edges lead to one record",
                                 grouped(graph.edges), short_number(as_double(graph.edges) / as_double(graph.records)),
                                 report.info.degree, grouped(graph.in_degree_max));
  text += lonely == 0 ? ", and at least one to each."
                      : fmt::format("; to {} none, which a search meets as entry points or on pages read for others.",
                                    grouped(lonely));
  if (graph.in_degree_records < graph.records)
    text += fmt::format(" Edges into a record were counted for {} of them.", grouped(graph.in_degree_records));
  return section("Graph", text, side_by_side(degree_chart(graph), in_degree_chart(graph)));
}

std::string pages_section(const Report& report) {
  const GraphStatistics& graph = report.graph;
  const std::uint64_t whole = graph.pages * report.info.page_bytes;
  const std::uint64_t held = graph.vector_bytes + graph.list_bytes + graph.head_bytes;
  const std::pair<const char*, std::uint64_t> uses[] = {{"vectors", graph.vector_bytes},
                                                        {"neighbour lists", graph.list_bytes},
                                                        {"ids and headers", graph.head_bytes},
                                                        {"room in lists", graph.list_spare_bytes},
                                                        {"empty", whole - held - graph.list_spare_bytes}};
  std::vector<ChartBar> parts;
  Rows rows;
  for (const auto& [what, bytes] : uses) {
    const std::string share = percent(as_double(bytes), as_double(whole));
    parts.push_back({what, fmt::format("{}: {}", what, share), as_double(bytes)});
    rows.push_back(
        {what, share, bytes_text(as_double(bytes)), short_number(as_double(bytes) / as_double(graph.records))});
  }
  rows.push_back({"all pages", percent(1, 1), bytes_text(as_double(whole)),
                  short_number(as_double(whole) / as_double(graph.records))});
  const std::vector<std::string> head = {"bytes of the pages", "share", "size", "bytes a record"};
  const std::string text = fmt::format(
      "{} pages of {} bytes, up to {} records on each. {} of the edges lead to a record on the same page, which costs "
      "a "
      "search no read.",
      grouped(graph.pages), grouped(report.info.page_bytes), report.info.records_per_page,
      percent(as_double(graph.local_edges), as_double(graph.edges)));
  return section("Pages", text,
                 divided("Bytes of the pages by use", parts) + side_by_side(table(head, rows), fill_chart(graph)));
}

std::string dimension_section(const Report& report) {
  const std::vector<double>& dimensions = report.dimensions;
  if (dimensions.empty()) {
    const char* why = report.info.schema.metric == Metric::kIp
                          ? "Not taken: an inner product is not a distance. nearline profile takes it from directions."
                          : "Not taken: it needs a sample of records with different neighbours.";
    return section("Local intrinsic dimensionality", why, {});
  }
  const double mean = std::accumulate(dimensions.begin(), dimensions.end(), 0.0) / as_double(dimensions.size());
  const Rows rows = {{"mean", short_number(mean)},
                     {"median", short_number(percentile(dimensions, 0.5))},
                     {"10 % are below", short_number(percentile(dimensions, 0.1))},
                     {"10 % are above", short_number(percentile(dimensions, 0.9))},
                     {"components of a vector", grouped(report.info.schema.dim)},
                     {"sampled records", grouped(dimensions.size())},
                     {"neighbours of each", grouped(report.dimension_k)}};
  return section("Local intrinsic dimensionality",
                 "In how many directions the data extends around a record, as told by how fast its neighbours grow in "
                 "number with distance. The more there are, the more candidates (L) a recall takes.",
                 side_by_side(dimension_chart(dimensions), table({}, rows)));
}

}  // namespace nearline::tools
