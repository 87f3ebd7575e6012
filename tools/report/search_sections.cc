// SPDX-License-Identifier: Apache-2.0
/// What searches find and what they cost.
#include <fmt/format.h>

#include <algorithm>

#include "tools/console.h"
#include "tools/report/chart.h"
#include "tools/report/html.h"
#include "tools/report/sections.h"

namespace nearline::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string recall_text(double recall) {
  return fmt::format("{:.4f}", recall);
}

std::string microseconds(double us) {
  return short_number(us) + " us";
}

std::string_view words(Ranking ranking) {
  return ranking == Ranking::kCodes ? "compressed codes" : "distance";
}

/// The least and the greatest of one figure over the curve.
std::pair<double, double> span_of(const Report& report, double CurvePoint::*figure) {
  double low = report.curve.front().*figure;
  double high = low;
  for (const CurvePoint& point : report.curve) {
    low = std::min(low, point.*figure);
    high = std::max(high, point.*figure);
  }
  return {low, high};
}

/// One figure against the recall, which ends at 1 and begins where all points are in sight.
std::string recall_chart(const Report& report, const char* title, const char* label, double CurvePoint::*recall,
                         double CurvePoint::*value) {
  ChartLine line;
  for (const CurvePoint& point : report.curve)
    line.points.push_back({point.*recall, point.*value, fmt::format("L {}", point.l),
                           fmt::format("L {}: recall {}, {} {}", point.l, recall_text(point.*recall),
                                       short_number(point.*value), label)});
  const Axis x = Axis::linear(std::min(span_of(report, recall).first, 0.98), 1);
  const auto [low, high] = span_of(report, value);
  return figure(title, line_chart({title, fmt::format("recall@{}", report.k), label}, x, Axis::logarithmic(low, high),
                                  std::span(&line, 1)));
}

std::string queries_text(const Report& report) {
  if (!report.queries.empty())
    return fmt::format("{} queries from {}.", grouped(report.query_count), report.queries.filename().string());
  return fmt::format(
      "{} records of the index itself are the queries, each left out of its own answers. Vectors that are not in the "
      "index are often harder to find neighbours for: --queries takes a file of them.",
      grouped(report.query_count));
}

std::string how_text(const Report& report) {
  return report.io == IoMode::kMapped
             ? "Pages come from a memory map, and all queries were asked once before: this is the speed from memory."
             : "For each L the index is opened anew, so that pages come from the disk, or from the system's cache of "
               "it, "
               "until nearline's own cache holds them.";
}

}  // namespace

std::string speed_section(const Report& report) {
  Rows rows;
  for (const CurvePoint& point : report.curve)
    rows.push_back({std::to_string(point.l), recall_text(point.recall), short_number(point.qps),
                    short_number(point.reads), short_number(point.cache_hits), short_number(point.distances),
                    short_number(point.estimates)});
  const std::vector<std::string> head = {"L", "recall", "queries/s", "reads", "cache hits", "distances", "estimates"};
  const std::string text = fmt::format(
      "Each point is one L, the number of candidates that a search keeps. {} {} thread{}, {} queries interleaved, {} "
      "io, ranked by {}. {}",
      queries_text(report), report.threads, report.threads == 1 ? "" : "s", report.batch, name(report.io),
      words(report.ranking), how_text(report));
  const std::string chart =
      recall_chart(report, "Recall against speed", "queries/s", &CurvePoint::recall, &CurvePoint::qps);
  return section("Recall and speed", text, side_by_side(chart, table(head, rows)));
}

std::string reads_section(const Report& report) {
  Rows rows;
  for (const CurvePoint& point : report.curve)
    rows.push_back({std::to_string(point.l), recall_text(point.cold_recall), short_number(point.cold_reads),
                    short_number(point.cold_bytes / 1024)});
  const std::vector<std::string> head = {"L", "recall", "page reads", "KiB read"};
  const std::string text = fmt::format(
      "What a query reads, in pages of 4 KiB, that finds nothing in memory: {} of {} queries, each the first to an "
      "index just "
      "opened, ranked by {}. Queries that come after others read less, as far as the page cache holds.",
      grouped(report.cold_query_count), grouped(report.query_count), words(report.cold_ranking));
  const std::string chart = recall_chart(report, "Recall against page reads", "page reads a query",
                                         &CurvePoint::cold_recall, &CurvePoint::cold_reads);
  return section("Recall and page reads", text, side_by_side(chart, table(head, rows)));
}

std::string latency_section(const Report& report) {
  struct Share {
    const char* name;
    double CurvePoint::*value;
  };
  static constexpr Share kShares[] = {{"p50", &CurvePoint::p50_us},
                                      {"p90", &CurvePoint::p90_us},
                                      {"p99", &CurvePoint::p99_us},
                                      {"max", &CurvePoint::max_us}};
  std::vector<ChartLine> lines;
  for (const Share& share : kShares) {
    ChartLine line{share.name, {}};
    for (const CurvePoint& point : report.curve)
      line.points.push_back({static_cast<double>(point.l),
                             point.*share.value,
                             {},
                             fmt::format("L {}: {} {}", point.l, share.name, microseconds(point.*share.value))});
    lines.push_back(std::move(line));
  }
  Rows rows;
  for (const CurvePoint& point : report.curve)
    rows.push_back({std::to_string(point.l), short_number(point.mean_us), short_number(point.p50_us),
                    short_number(point.p90_us), short_number(point.p99_us), short_number(point.max_us)});
  const double low = span_of(report, &CurvePoint::p50_us).first;
  const double high = span_of(report, &CurvePoint::max_us).second;
  const std::string chart =
      line_chart({"Latency of one query by L", "L", "microseconds"},
                 Axis::logarithmic(report.curve.front().l, report.curve.back().l), Axis::logarithmic(low, high), lines);
  const std::vector<std::string> head = {"L", "mean us", "p50 us", "p90 us", "p99 us", "max us"};
  return section(
      "Latency",
      "How long one query takes when each thread asks one at a time: half of the queries take no longer than "
      "p50, 99 of 100 no longer than p99.",
      side_by_side(figure("Latency by L", chart), table(head, rows)));
}

std::string memory_section(const Report& report) {
  const MemoryUsage& memory = report.memory;
  const std::pair<const char*, std::uint64_t> uses[] = {{"compressed codes", memory.codes},
                                                        {"page cache", memory.page_cache},
                                                        {"buffers, checksum tables, entry points", memory.buffers},
                                                        {"candidate lists and visited sets", memory.scratch}};
  std::vector<ChartBar> parts;
  Rows rows;
  const auto total = static_cast<double>(memory.total());
  for (const auto& [what, bytes] : uses) {
    const auto size = static_cast<double>(bytes);
    parts.push_back({what, fmt::format("{}: {}", what, bytes_text(size)), size});
    rows.push_back({what, bytes_text(size), percent(size, total)});
  }
  rows.push_back({"in use", bytes_text(total), percent(total, total)});
  rows.push_back({"allowed by --memory", bytes_text(static_cast<double>(memory.budget)), ""});
  if (memory.bytes_for_all_codes > 0)
    rows.push_back({"would hold all codes", bytes_text(static_cast<double>(memory.bytes_for_all_codes)), ""});
  const std::vector<std::string> head = {"private memory", "size", "share of what is in use"};
  const std::string text =
      report.io == IoMode::kMapped
          ? "What the open index allocated. The map's pages belong to the system's page cache and are not counted."
          : "What the open index allocated, at the end of the last measurement.";
  return section("Memory", text, divided("Private memory by use", parts) + table(head, rows));
}

}  // namespace nearline::tools
