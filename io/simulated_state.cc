// SPDX-License-Identifier: Apache-2.0
#include "io/simulated_state.h"

#include <set>

#include "io/system_error.h"

namespace nearline::io {

std::filesystem::path one_spelling(const std::filesystem::path& path) {
  return (path.has_parent_path() ? path : "." / path).lexically_normal();
}

Result<void> SimulatedDisk::State::step(Operation operation, std::string_view what, const std::filesystem::path& path) {
  std::unique_lock lock(mutex);
  const std::uint64_t call = ++total_calls;
  ++operation_calls[static_cast<std::size_t>(operation)];
  if (hook) {
    const auto told = hook;
    lock.unlock();  // it may look at the disk
    told(call, operation);
    lock.lock();
  }
  if (faults.fail_call == 0 || call < faults.fail_call) return {};
  if (call > faults.fail_call && !faults.fail_for_ever) return {};
  return system_error(faults.error, what, path);
}

std::size_t SimulatedDisk::State::part(std::size_t bytes) {
  const std::lock_guard lock(mutex);
  if (!faults.short_io || bytes == 0) return bytes;
  return 1 + random() % bytes;
}

std::uint64_t SimulatedDisk::State::room() {
  std::set<const SimulatedInode*> there;
  for (const auto& [name, inode] : names) there.insert(inode.get());
  std::erase_if(inodes, [](const auto& inode) { return inode.expired(); });
  for (const auto& inode : inodes) {
    if (const auto held = inode.lock(); held->opens > 0) there.insert(held.get());
  }
  std::uint64_t used = 0;
  for (const auto* inode : there) used += inode->live().size();
  return used < faults.capacity ? faults.capacity - used : 0;
}

void SimulatedDisk::State::change_names(NameChange change) {
  Names changed = names;  // all or nothing, where tests let allocations fail
  for (const auto& [name, inode] : change) {
    if (inode) {
      changed[name] = inode;
    } else {
      changed.erase(name);
    }
  }
  name_changes.push_back(std::move(change));
  names = std::move(changed);
}

InodePtr SimulatedDisk::State::make_inode() {
  auto inode = std::make_shared<SimulatedInode>();
  inodes.push_back(inode);
  return inode;
}

}  // namespace nearline::io
