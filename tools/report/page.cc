// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "nearline/version.h"
#include "tools/console.h"
#include "tools/report/html.h"
#include "tools/report/sections.h"
#include "tools/report/style.h"

namespace nearline::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// The recall that figures are compared at.
constexpr double kGoal = 0.95;

std::string tile(std::string_view what, std::string_view figure, std::string_view more) {
  return fmt::format("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n", escaped(what), escaped(figure),
                     escaped(more));
}

double bytes_per_vector(const IndexInfo& info) {
  return static_cast<double>(info.file_bytes) / static_cast<double>(std::max<std::uint64_t>(1, info.count));
}

/// The cheapest point that reaches the goal, or else the one with most recall.
const CurvePoint& chosen(const Report& report, double CurvePoint::*recall) {
  const auto reached = std::find_if(report.curve.begin(), report.curve.end(),
                                    [&](const CurvePoint& point) { return point.*recall >= kGoal; });
  if (reached != report.curve.end()) return *reached;
  return *std::max_element(report.curve.begin(), report.curve.end(),
                           [&](const CurvePoint& a, const CurvePoint& b) { return a.*recall < b.*recall; });
}

std::string tiles(const Report& report) {
  const IndexInfo& info = report.info;
  const CurvePoint& point = chosen(report, &CurvePoint::recall);
  const CurvePoint& cold = chosen(report, &CurvePoint::cold_recall);
  const std::string at = fmt::format("at recall {:.3f}, L {}", point.recall, point.l);
  return "<dl class=\"tiles\">\n" +
         tile("vectors", grouped(info.count),
              fmt::format("{} x {}, {}", grouped(info.schema.dim), name(info.schema.type), name(info.schema.metric))) +
         tile("file", bytes_text(static_cast<double>(info.file_bytes)),
              short_number(bytes_per_vector(info)) + " bytes a vector") +
         tile("queries/s", short_number(point.qps), at) + tile("p99 latency", short_number(point.p99_us) + " us", at) +
         tile("page reads, cold", short_number(cold.cold_reads),
              fmt::format("at recall {:.3f}, L {}", cold.cold_recall, cold.l)) +
         tile("private memory", bytes_text(static_cast<double>(report.memory.total())),
              bytes_text(static_cast<double>(report.memory.budget)) + " allowed") +
         "</dl>\n";
}

std::string identity_section(const Report& report) {
  const IndexInfo& info = report.info;
  const std::string codes = info.code_bytes > 0 ? fmt::format("{} bytes a record", info.code_bytes) : "none";
  const Rows what = {
      {"file id", info.file_id},
      {"format", fmt::format("{}.{}", info.format_major, info.format_minor)},
      {"commit", fmt::format("generation {}, {} segment{}, {} deleted{}", info.generation, info.segments,
                             info.segments == 1 ? "" : "s", grouped(info.deleted),
                             info.rolled_back ? "; the newest is damaged or lost, this is the one before" : "")},
      {"file", grouped(info.file_bytes) + " bytes"},
      {"layout", fmt::format("{}, pages of {} bytes", name(info.layout), grouped(info.page_bytes))},
      {"compressed codes", codes}};
  const Rows how = {{"degree (-R)", std::to_string(info.degree)},
                    {"--l-build", std::to_string(info.l_build)},
                    {"--alpha", fmt::format("{:.3g}", info.alpha)},
                    {"--seed", std::to_string(info.seed)},
                    {"mean degree", fmt::format("{:.2f}", info.mean_degree)},
                    {"edges that stay on their page", fmt::format("{:.1f} %", 100 * info.local_edge_share)}};
  return section("The file", "What it says of itself, and how it was built.",
                 "<div class=\"facts\">" + side_by_side(table({}, what), table({}, how)) + "</div>\n");
}

std::string head(const std::string& title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      // The browser itself is told that the page may load nothing.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"generator\" content=\"nearline {}\"/>\n<title>{}</title>\n<style>{}</style>\n</head>\n",
      version(), title, kReportStyle);
}

}  // namespace

std::string report_page(const Report& report) {
  const std::string title = escaped(report.index.filename().string());
  const std::string machine =
      fmt::format("{} processor{}, {} memory, kernels {}, io_uring {}", report.system.processors,
                  report.system.processors == 1 ? "" : "s", bytes_text(static_cast<double>(report.system.memory_bytes)),
                  report.system.kernels, report.system.io_uring ? "usable" : "not usable");
  return head(title + " - nearline report") + "<body>\n<main>\n" +
         fmt::format("<header><h1>{}</h1>\n<p>{}</p></header>\n", title,
                     escaped(fmt::format("nearline report of {}, taken {}", report.index.string(), report.taken))) +
         tiles(report) + speed_section(report) + reads_section(report) + latency_section(report) +
         graph_section(report) + pages_section(report) + dimension_section(report) + memory_section(report) +
         identity_section(report) +
         fmt::format("<footer>Speeds belong to this machine and hour: {}. nearline {}.</footer>\n", escaped(machine),
                     version()) +
         "</main>\n</body>\n</html>\n";
}

}  // namespace nearline::tools
