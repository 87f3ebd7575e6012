// SPDX-License-Identifier: Apache-2.0
#include "io/simulated_disk.h"

#include <algorithm>
#include <cerrno>

#include "io/simulated_file.h"
#include "io/simulated_state.h"
#include "io/system_error.h"

namespace nearline::io {

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : state_(std::make_shared<State>(seed)) {}
SimulatedDisk::~SimulatedDisk() = default;

void SimulatedDisk::set_faults(const Faults& faults) {
  const std::lock_guard guard(state_->mutex);
  state_->faults = faults;
}

std::uint64_t SimulatedDisk::calls() const noexcept {
  const std::lock_guard guard(state_->mutex);
  return state_->total_calls;
}

std::uint64_t SimulatedDisk::calls(Operation operation) const noexcept {
  const std::lock_guard guard(state_->mutex);
  return state_->operation_calls[static_cast<std::size_t>(operation)];
}

void SimulatedDisk::on_call(std::function<void(std::uint64_t call, Operation operation)> hook) {
  const std::lock_guard guard(state_->mutex);
  state_->hook = std::move(hook);
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::after_power_cut(std::uint64_t seed) const {
  const std::lock_guard guard(state_->mutex);
  std::mt19937_64 random(seed);
  auto names = state_->durable_names;
  const auto likelihood = random() % 5;  // of a change of names to have become durable, in quarters
  for (const auto& change : state_->name_changes) {
    if (random() % 4 >= likelihood) continue;
    for (const auto& [name, inode] : change) names[name] = inode;
  }
  auto disk = std::make_unique<SimulatedDisk>(random());
  for (std::uint8_t& byte : disk->state_->boot) byte = static_cast<std::uint8_t>(random() % 255 + 1);
  std::map<const SimulatedInode*, InodePtr> copies;  // a file with two names stays one file
  for (const auto& [name, inode] : names) {
    if (!inode) continue;
    auto& copy = copies[inode.get()];
    if (!copy) {
      copy = std::make_shared<SimulatedInode>(inode->after_power_cut(random()));
      disk->state_->inodes.push_back(copy);
    }
    disk->state_->names[name] = disk->state_->durable_names[name] = copy;
  }
  return disk;
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::clone() const {
  const std::lock_guard guard(state_->mutex);
  auto disk = std::make_unique<SimulatedDisk>(1);
  State& copy = *disk->state_;
  copy.random = state_->random;
  copy.boot = state_->boot;
  std::map<const SimulatedInode*, InodePtr> copies;  // a file with two names stays one file
  const auto copy_of = [&](const InodePtr& inode) {
    InodePtr& made = copies[inode.get()];
    if (inode && !made) copy.inodes.push_back(made = std::make_shared<SimulatedInode>(inode->clone()));
    return made;
  };
  for (const auto& [name, inode] : state_->names) copy.names[name] = copy_of(inode);
  for (const auto& [name, inode] : state_->durable_names) copy.durable_names[name] = copy_of(inode);
  for (const NameChange& change : state_->name_changes) {
    NameChange& made = copy.name_changes.emplace_back();
    for (const auto& [name, inode] : change) made.emplace_back(name, copy_of(inode));
  }
  return disk;
}

BootId SimulatedDisk::boot_id() const noexcept {
  return state_->boot;
}

std::vector<std::byte> SimulatedDisk::contents(const std::filesystem::path& path) const {
  const std::lock_guard guard(state_->mutex);
  const auto found = state_->names.find(one_spelling(path));
  return found == state_->names.end() ? std::vector<std::byte>{} : found->second->live();
}

void SimulatedDisk::put(const std::filesystem::path& path, std::vector<std::byte> bytes) {
  const std::lock_guard guard(state_->mutex);
  auto inode = std::make_shared<SimulatedInode>(std::move(bytes));
  state_->inodes.push_back(inode);
  state_->names[one_spelling(path)] = state_->durable_names[one_spelling(path)] = inode;
}

std::vector<std::filesystem::path> SimulatedDisk::names() const {
  const std::lock_guard guard(state_->mutex);
  std::vector<std::filesystem::path> all;
  for (const auto& [name, inode] : state_->names) all.push_back(name);
  return all;
}

Result<std::unique_ptr<File>> SimulatedDisk::open_read(const std::filesystem::path& path) {
  return open(path, "cannot open for reading", false);
}

Result<std::unique_ptr<File>> SimulatedDisk::open_write(const std::filesystem::path& path) {
  return open(path, "cannot open for writing", true);
}

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::filesystem::path& path, std::string_view what,
                                                  bool writable) {
  NEARLINE_CHECK(state_->step(Operation::kOpen, what, path));
  const std::lock_guard guard(state_->mutex);
  const auto found = state_->names.find(one_spelling(path));
  if (found == state_->names.end()) return system_error(ENOENT, what, path);
  return std::unique_ptr<File>(std::make_unique<SimulatedFile>(state_, found->second, path, writable));
}

Result<std::unique_ptr<File>> SimulatedDisk::create_new(const std::filesystem::path& path) {
  NEARLINE_CHECK(state_->step(Operation::kCreate, "cannot create", path));
  const std::lock_guard guard(state_->mutex);
  if (state_->names.contains(one_spelling(path))) return system_error(EEXIST, "cannot create", path);
  auto inode = state_->make_inode();
  state_->change_names({{one_spelling(path), inode}});
  return std::unique_ptr<File>(std::make_unique<SimulatedFile>(state_, std::move(inode), path, true));
}

Result<std::unique_ptr<File>> SimulatedDisk::create_unnamed(const std::filesystem::path& directory) {
  NEARLINE_CHECK(state_->step(Operation::kCreate, "cannot create a temporary file", directory));
  const std::lock_guard guard(state_->mutex);
  return std::unique_ptr<File>(std::make_unique<SimulatedFile>(state_, state_->make_inode(), directory, true));
}

Result<bool> SimulatedDisk::exists(const std::filesystem::path& path) {
  NEARLINE_CHECK(state_->step(Operation::kOpen, "cannot ask whether it exists", path));
  const std::lock_guard guard(state_->mutex);
  return state_->names.contains(one_spelling(path));
}

Result<void> SimulatedDisk::rename(const std::filesystem::path& from, const std::filesystem::path& to, bool replace) {
  constexpr const char* kWhat = "cannot be given this name";
  NEARLINE_CHECK(state_->step(Operation::kRename, kWhat, to));
  const std::lock_guard guard(state_->mutex);
  const auto found = state_->names.find(one_spelling(from));
  if (found == state_->names.end()) return system_error(ENOENT, kWhat, to);
  if (!replace && state_->names.contains(one_spelling(to))) return system_error(EEXIST, kWhat, to);
  const InodePtr inode = found->second;
  state_->change_names({{one_spelling(from), nullptr}, {one_spelling(to), inode}});
  return {};
}

Result<void> SimulatedDisk::remove(const std::filesystem::path& path) {
  NEARLINE_CHECK(state_->step(Operation::kRemove, "cannot remove", path));
  const std::lock_guard guard(state_->mutex);
  if (!state_->names.contains(one_spelling(path))) return system_error(ENOENT, "cannot remove", path);
  state_->change_names({{one_spelling(path), nullptr}});
  return {};
}

/// The changes that touch a name in the directory become durable, whole; others go on waiting.
Result<void> SimulatedDisk::sync_directory(const std::filesystem::path& directory) {
  NEARLINE_CHECK(state_->step(Operation::kSyncDirectory, "cannot flush the directory to the disk", directory));
  const std::lock_guard guard(state_->mutex);
  const auto place = one_spelling(directory / "x").parent_path();
  std::erase_if(state_->name_changes, [&](const NameChange& change) {
    const bool touches =
        std::ranges::any_of(change, [&](const auto& entry) { return entry.first.parent_path() == place; });
    for (const auto& [name, inode] : change) {
      if (touches) state_->durable_names[name] = inode;
    }
    return touches;
  });
  return {};
}

}  // namespace nearline::io
