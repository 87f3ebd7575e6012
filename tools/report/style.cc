// SPDX-License-Identifier: Apache-2.0
#include "tools/report/style.h"

namespace nearline::tools {

const char* const kReportStyle = R"(
:root { color-scheme: light dark;
  --back: #f4f5f2; --card: #ffffff; --text: #1c2024; --soft: #5a646e; --grid: #e4e7e9; --edge: #dcdfe2;
  --c1: #1c6cb0; --c2: #a84f12; --c3: #1f7a4f; --c4: #7e4597; --p1: #1c6cb0; --p2: #3f93d1; --p3: #7db7e0;
  --p4: #b5d6ec; --p5: #cfd6db; --p6: #e6e9eb; --onp: #ffffff; --onlight: #1c2024; }
@media (prefers-color-scheme: dark) { :root {
  --back: #121518; --card: #1b1f24; --text: #e7eaec; --soft: #9ba6b0; --grid: #2c3239; --edge: #2c3239;
  --c1: #68b1f0; --c2: #f2a66b; --c3: #66cf9d; --c4: #cd9ce6; --p1: #7cc0f5; --p2: #4a93cc; --p3: #2f6c9c;
  --p4: #27506f; --p5: #3b434b; --p6: #2a3036; --onp: #10202c; --onlight: #e7eaec; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 20px 56px; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 4px; }
h3 { font-size: 14px; margin: 0 0 6px; }
p { margin: 0 0 14px; color: var(--soft); max-width: 80ch; }
header p { margin: 0; max-width: none; }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 20px 22px; margin-top: 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 22px 0 0; padding: 0; }
.tiles div { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 14px 16px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 0; font-size: 23px; font-weight: 600; line-height: 1.35; font-variant-numeric: tabular-nums; }
.tiles dd small { display: block; font-size: 13px; font-weight: 400; color: var(--soft); line-height: 1.4; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 10px 26px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 14px; font-weight: 600; margin-bottom: 4px; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg text.axis { fill: var(--text); }
.grid { stroke: var(--grid); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); stroke-dasharray: 7 4; }
.line.c3 { stroke: var(--c3); stroke-dasharray: 2 4; } .line.c4 { stroke: var(--c4); stroke-dasharray: 10 3 2 3; }
.mark { stroke: var(--card); stroke-width: 1.2; } .hit { fill: transparent; stroke: none; }
.mark.c1 { fill: var(--c1); } .mark.c2 { fill: var(--c2); } .mark.c3 { fill: var(--c3); } .mark.c4 { fill: var(--c4); }
.mark:hover { stroke: var(--text); stroke-width: 2; }
.name text { font-weight: 600; } .name.c1 text { fill: var(--c1); } .name.c2 text { fill: var(--c2); }
.name.c3 text { fill: var(--c3); } .name.c4 text { fill: var(--c4); }
.bar { fill: var(--c1); } .bar:hover { fill: var(--c2); } .bar .hit { fill: transparent; }
.part text { font-size: 14px; font-weight: 600; fill: var(--onlight); }
.p1 { fill: var(--p1); background: var(--p1); }
.p2 { fill: var(--p2); background: var(--p2); }
.p3 { fill: var(--p3); background: var(--p3); }
.p4 { fill: var(--p4); background: var(--p4); }
.p5 { fill: var(--p5); background: var(--p5); }
.p6 { fill: var(--p6); background: var(--p6); } .part.p1 text, .part.p2 text { fill: var(--onp); }
.divided { margin: 2px 0 12px; } .divided svg { border-radius: 6px; }
.divided ul { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 0; padding: 0; font-size: 13px;
  color: var(--soft); }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
.scroll { overflow-x: auto; margin-top: 6px; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { font-weight: 600; } thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 2px; }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: none; }
tbody tr:hover { background: var(--back); }
.facts table { width: auto; } .facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.facts th { color: var(--soft); font-weight: 400; }
details { margin-top: 8px; font-size: 14px; } summary { cursor: pointer; color: var(--soft); margin-bottom: 6px; }
footer { color: var(--soft); font-size: 13px; margin-top: 20px; }
@media (max-width: 560px) { body { padding: 18px 10px 40px; } section { padding: 16px 12px; } }
@media print { body { background: none; padding: 0; } section, .tiles div { break-inside: avoid; } }
)";

}  // namespace nearline::tools
