// SPDX-License-Identifier: Apache-2.0
/// A writer that gets the order of a commit wrong, made from one that gets it right by standing between it and the
/// disk.
#pragma once

#include <memory>

#include "io/file.h"

namespace nearline::crash {

enum class Fault {
  kNone,              ///< forwards everything
  kDropFlush,         ///< a flush of the index says that it is done, and is not
  kDropNewFileFlush,  ///< the same of a file that will get a name
  kDropNameFlush,     ///< the same of names
  kSuperblockFirst,   ///< the superblock is durable before what it leads to
  kReuseTooEarly,     ///< space is written one generation before nothing needs it
  kForgetPins,        ///< readers' locks are not seen
  kForgetRecordSet,   ///< deletes are not in the manifest
  kTrustPageCache,    ///< the superblock of a writer that died is not written again
  kTrustLength,       ///< nor what makes the length durable
  kForgetBoot,        ///< a relaxed superblock passes for a durable one: readers trust it after a restart
  kOverwriteDurable,  ///< a relaxed commit goes into the slot of the last durable one
  kReuseFallback,     ///< and into the space of it
  kDropChainFlush,    ///< the first flush after relaxed commits says that it is done, and is not
  kTrustRelaxed       ///< what a relaxed commit of a writer that died leads to is not written again
};

struct Mutation {
  Fault fault = Fault::kNone;
  std::uint64_t every = 1;  ///< of kDropFlush: which flush of so many in turn ...
  std::uint64_t which = 0;  ///< ... counted from 0 since the file was opened
};

std::unique_ptr<io::FileSystem> mutant(io::FileSystem& of, const Mutation& mutation);

}  // namespace nearline::crash
