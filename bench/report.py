# SPDX-License-Identifier: Apache-2.0
"""Tables of a comparison as Markdown: one row an engine, an engine that could not be measured says why."""


def number(value: float | None) -> str:
    """Three digits that count; a dash for what is not known."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.01 else "0"


def megabytes(value: float | None) -> str:
    return "-" if value is None else f"{value / 1e6:,.1f}"


def table(title: str, heads: list[str], rows: list[list[str]]) -> list[str]:
    return ["", f"**{title}**", "", "| engine | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"] + [
        "| " + " | ".join(row) + " |" for row in rows]


def rows_of(engines: list, figures: dict, columns: list) -> list[list[str]]:
    """columns: for each its text, given the figures of an engine and the engine."""
    return [[engine.name] + ([engine.absent] + ["-"] * (len(columns) - 1) if engine.absent else
                             [text(figures[engine.name], engine) for text in columns]) for engine in engines]


def reads(found: dict, engine, target: float) -> str:
    """Reads of the disk; of engines that leave them to the page cache, what a cold one would have had to read."""
    if engine.reads_from == "memory":
        return "in memory"
    text = number(found[f"reads_at_{target}"])
    if engine.reads_from == "page cache":
        touched = found[f"pages_touched_at_{target}"]
        text += " (page cache)" if touched is None else f" (page cache; looks at {number(touched)} pages)"
    return text


def speed(engines: list, figures: dict, targets, threads: list[str]) -> list[str]:
    heads, columns = ["best recall"], [lambda found, _: f"{found['best_recall']:.4f}"]
    for count in threads:
        for target in targets:
            heads.append(f"queries/s at {target}, {count} thread{'s' if int(count) > 1 else ''}")
            columns.append(lambda found, _, key=f"qps_at_{target}_threads_{count}": number(found[key]))
    for target in targets:
        heads.append(f"p50 / p99 us at {target}")
        columns.append(lambda found, _, at=target: f"{number(found[f'p50_us_at_{at}'])} / {number(found[f'p99_us_at_{at}'])}")
    return table("Speed", heads, rows_of(engines, figures, columns))


def memory(engines: list, figures: dict, targets) -> list[str]:
    heads = [f"4 KiB reads a query at {target}" for target in targets]
    columns = [lambda found, engine, at=target: reads(found, engine, at) for target in targets]
    heads += ["resident MB", "bytes a vector on disk", "process start to first answer, ms"]
    columns += [lambda found, _: megabytes(found["rss_bytes"]), lambda found, _: number(found["bytes_per_vector"]),
                lambda found, _: number(found["first_answer_ms"])]
    return table("Searching: disk and memory", heads, rows_of(engines, figures, columns))


def building(engines: list, figures: dict, threads: str) -> list[str]:
    heads = ["CPU-seconds", "seconds", "peak MB"]
    columns = [lambda found, _: number(found["build_cpu_seconds"]), lambda found, _: number(found["build_seconds"]),
               lambda found, _: megabytes(found["build_peak_bytes"])]
    makers = [engine for engine in engines if not engine.shares_build_with]
    return table(f"Building, {threads} threads", heads, rows_of(makers, figures, columns))


def ratios(engines: list, figures: dict, keys: list[str]) -> list[str]:
    """The first engine divided by each other: what may be compared between machines."""
    ours = figures[engines[0].name]

    def ratio(key):
        return lambda found, _: f"{ours[key] / found[key]:.2f}" if ours[key] and found[key] else "-"

    heads = [key.replace("_", " ") for key in keys]
    others = [engine for engine in engines[1:] if not engine.shares_build_with]
    return table(f"{engines[0].name}, divided by", heads, rows_of(others, figures, [ratio(key) for key in keys]))


def markdown(report: dict, engines: list, targets, threads: list[str]) -> str:
    figures = report["figures"]
    most = max(threads, key=int)
    lines = [f"### {report['set']}, {report['rows']:,} rows of {report['dim']} components, {report['metric']}, recall@10"]
    lines += speed(engines, figures, targets, threads) + memory(engines, figures, targets)
    lines += building(engines, figures, most)
    if not engines[0].absent:
        speeds = [f"qps_at_{target}_threads_{count}" for count in threads for target in targets]
        lines += ratios(engines, figures, ["build_cpu_seconds", "build_seconds", "build_peak_bytes", *speeds,
                                           "first_answer_ms", "bytes_per_vector"])
    lines += ["", "How: " + "; ".join(f"{engine.name}: {engine.note}" for engine in engines if not engine.absent) + "."]
    machine = report["machine"]
    lines += ["", f"Raw vectors: {report['raw_bytes']:,} bytes. {machine['processor']}, {machine['processors']} processors; "
                  f"{machine['system']}"]
    return "\n".join(lines)
