// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/api/live_index.h"
#include "engine/repair/verify.h"
#include "engine/write/index_writer.h"
#include "tests/crash/crash_search.h"

namespace nearline::crash {
namespace {

/// Findings about what a crash may leave: a torn slot of the commit that was in progress.
bool is_expected(const std::string& what) {
  return what.find("superblock") != std::string::npos ||
         what.find("does not begin as a nearline index") != std::string::npos;
}

std::string check_search(const engine::LiveIndex& index, const Model& model) {
  if (model.empty()) return {};
  const std::vector<float> query(kDim, 500.0F);
  const auto k = static_cast<std::uint32_t>(std::min<std::size_t>(5, model.size()));
  for (const bool exact : {false, true}) {
    const auto found = index.search({query.data(), 1, kDim}, {.k = k, .l = 200, .exact = exact});
    if (!found) return "a search fails: " + found.error().message();
    if (found.value().ids != nearest_ids(model, query, k)) return "a search finds other records than are nearest";
  }
  return {};
}

/// Two commits, so that both slots and space of both commits before are written, and a relaxed one between.
std::string go_on(io::SimulatedDisk& disk, Model held) {
  auto writer = open_writer(disk, held.size() % 2 == 0);
  if (!writer) return "no writer can open it: " + writer.error().message();
  StepSource source(held.size());
  for (int round = 0; round < 3; ++round) {
    Step step = source.draw(round == 1 ? Kind::kRelaxed : Kind::kCommit, held);
    Model moved;  // to ids that nothing has
    for (auto& [id, row] : step.added) moved[id + 1'000'000 + static_cast<Id>(round) * 1000] = row;
    step.added = std::move(moved);
    Done done;
    if (const auto ran = run(disk, writer.value(), step, done); !ran)
      return "no commit works: " + ran.error().message();
    writer->work();
    held = after(std::move(held), step);
    const auto found = contents(disk, kIndex);
    if (!found) return "after one more commit: " + found.error().message();
    if (found.value() != held) return "after one more commit it holds something else";
  }
  const auto report = engine::verify(disk, kIndex, true);
  if (!report) return report.error().message();
  return report.value().findings.empty() ? "" : "after three more commits: " + report.value().findings.front().what;
}

std::string check_name(io::SimulatedDisk& disk, const std::string& name,
                       const std::vector<std::optional<Model>>& allowed, bool thorough, Model* found) {
  const auto names = disk.names();
  const bool there = std::any_of(names.begin(), names.end(), [&](const auto& path) { return path.filename() == name; });
  const auto may_hold = [&](const std::optional<Model>& model) {
    return std::find(allowed.begin(), allowed.end(), model) != allowed.end();
  };
  if (!there) return may_hold({}) ? "" : "the file is gone";
  const auto index =
      engine::LiveIndex::open(disk, name, {.io = IoMode::kPread, .memory_bytes = 8U << 20, .threads = 1});
  if (!index) return "cannot be opened: " + index.error().message();
  const auto held = contents(index.value());
  if (!held) return "cannot be read: " + held.error().message();
  if (!may_hold(held.value())) {
    return "holds neither the last commit nor the one in progress, but " + std::to_string(held.value().size()) +
           " records of generation " + std::to_string(index.value().info().generation);
  }
  if (found != nullptr && name == kIndex) *found = held.value();
  const auto report = engine::verify(disk, name, true);
  if (!report) return "cannot be verified: " + report.error().message();
  for (const VerifyFinding& finding : report.value().findings) {
    if (!is_expected(finding.what)) return finding.what;
  }
  if (!thorough) return {};
  if (auto wrong = check_search(index.value(), held.value()); !wrong.empty()) return wrong;
  return name == kIndex ? go_on(disk, held.value()) : "";
}

}  // namespace

std::string check_image(io::SimulatedDisk& disk, const Allowed& allowed, bool thorough, Model* found) {
  for (const auto& [name, models] : allowed) {
    if (const auto wrong = check_name(disk, name, models, thorough, found); !wrong.empty()) return name + " " + wrong;
  }
  return {};
}

std::string check_fallback(const io::SimulatedDisk& disk) {
  io::SimulatedDisk damaged;
  damaged.put(kIndex, disk.contents(kIndex));
  const auto index =
      engine::LiveIndex::open(damaged, kIndex, {.io = IoMode::kPread, .memory_bytes = 8U << 20, .threads = 1});
  if (!index || index.value().info().rolled_back) return {};  // one slot is torn already
  std::vector<std::byte> bytes = disk.contents(kIndex);
  const std::uint64_t slot = index.value().info().generation % 2 * 4096;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(slot), 4096, std::byte{0});
  damaged.put(kIndex, std::move(bytes));
  const auto held = contents(damaged, kIndex);
  return held ? "" : "without its newest superblock: " + held.error().message();
}

}  // namespace nearline::crash
