// SPDX-License-Identifier: Apache-2.0
/// The nearline command: a table of subcommands.
#include <array>

#include "tools/commands.h"

int main(int argc, char** argv) {
  using namespace nearline::tools;
  static constexpr std::array kCommands = {
      Command{"build", "make an index from a file of vectors", declare_build},
      Command{"create", "make an index without records, of a schema", declare_create},
      Command{"search", "find the nearest records of each query", declare_search},
      Command{"get", "read the vectors of records by their ids", declare_get},
      Command{"insert", "add the vectors of a file to an index", declare_insert},
      Command{"delete", "take records out of an index", declare_delete},
      Command{"compact", "rewrite an index densely, in place or as a new file", declare_compact},
      Command{"calibrate", "measure what --recall takes with queries of your own", declare_calibrate},
      Command{"snapshot", "copy an index, which may be written to meanwhile", declare_snapshot},
      Command{"salvage", "save what is whole in a damaged index into a new one", declare_salvage},
      Command{"eval", "measure speed, reads, and recall or other figures of the answers", declare_eval},
      Command{"report", "draw an index's recall, speed, graph and pages on one HTML page", declare_report},
      Command{"truth", "find exact neighbours by brute force", declare_truth},
      Command{"info", "say what an index, or this machine, is", declare_info},
      Command{"verify", "check an index against its checksums and rules", declare_verify},
      Command{"inspect", "print every field of every structure of an index", declare_inspect},
      Command{"nearest", "find the records whose place is nearest to one", declare_nearest},
      Command{"profile", "describe a file of vectors and what follows for an index", declare_profile},
      Command{"clusters", "connect records within a radius, and number what hangs together", declare_clusters},
      Command{"prototypes", "take the mean of each group of records, and classify by the nearest", declare_prototypes},
      Command{"compare", "hold two encoders of the same records side by side", declare_compare},
      Command{"convert", "copy vectors or neighbours into another form", declare_convert},
      Command{"count", "how many records there are, or match a filter", declare_count},
      Command{"export", "write the vectors of an index to a file", declare_export},
      Command{"tune", "find the index that serves vectors best within a memory bound", declare_tune},
      Command{"estimate", "predict size, memory and time of an index", declare_estimate},
  };
  return run_command_line(kCommands, argc, argv);
}
