// SPDX-License-Identifier: Apache-2.0
/// One function for each subcommand, in the file of the same name.
#pragma once

#include "tools/args.h"

namespace nearline::tools {

Action declare_build(Args& args);
Action declare_calibrate(Args& args);
Action declare_clusters(Args& args);
Action declare_compact(Args& args);
Action declare_compare(Args& args);
Action declare_convert(Args& args);
Action declare_count(Args& args);
Action declare_create(Args& args);
Action declare_delete(Args& args);
Action declare_estimate(Args& args);
Action declare_eval(Args& args);
Action declare_export(Args& args);
Action declare_get(Args& args);
Action declare_info(Args& args);
Action declare_insert(Args& args);
Action declare_inspect(Args& args);
Action declare_nearest(Args& args);
Action declare_profile(Args& args);
Action declare_prototypes(Args& args);
Action declare_report(Args& args);
Action declare_salvage(Args& args);
Action declare_search(Args& args);
Action declare_snapshot(Args& args);
Action declare_truth(Args& args);
Action declare_tune(Args& args);
Action declare_verify(Args& args);

}  // namespace nearline::tools
