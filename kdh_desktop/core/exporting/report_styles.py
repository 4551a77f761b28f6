"""How a report looks in a browser, and how on paper; numbers stand beside every shade."""

from __future__ import annotations

SCREEN_STYLE = """\
:root { --paper: #ffffff; --ink: #1c2024; --muted: #565d64; --line: #c9ced3; --head: #eef1f4;
  --shade: 42, 110, 187; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1e21; --ink: #e8eaec; --muted: #a9b0b7; --line: #474d53; --head: #282c30;
    --shade: 86, 152, 222; }
}
body { background: var(--paper); color: var(--ink); margin: 2rem auto; max-width: 62rem;
  padding: 0 1.5rem; font: 1rem/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.25rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 0.3rem; }
.caption, small { color: var(--muted); }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: 0.92rem; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.55rem; vertical-align: top; }
th { background: var(--head); text-align: left; font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th[scope="col"] { text-align: right; }
th[scope="col"]:nth-child(2) { text-align: left; }
.bar { min-width: 5.5rem; background:
  linear-gradient(to right, rgba(var(--shade), 0.3) var(--share), transparent 0); }
.heat { background: rgba(var(--shade), calc(var(--heat) * 0.45)); }
.diagonal { font-weight: 600; }
li { margin: 0.45rem 0; }
code { overflow-wrap: anywhere; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --muted: #444444; --line: #999999; --head: #eeeeee;
    --shade: 42, 110, 187; }
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  table { display: table; font-size: 8.5pt; }
  h2, h3 { break-after: avoid; }
  tr, li { break-inside: avoid; }
  .new-page { break-before: page; }
}
"""

PRINT_STYLE = """\
body { font-family: sans-serif; font-size: 9pt; color: #000000; }
h1 { font-size: 16pt; }
h2 { font-size: 12pt; margin-top: 16px; }
h3 { font-size: 10pt; margin-top: 8px; margin-bottom: 2px; }
p, li { margin-top: 3px; margin-bottom: 3px; }
.caption, small { color: #444444; }
table { border-collapse: collapse; border: 1px solid #999999; }
th, td { border: 1px solid #999999; font-size: 8pt; }
th { background-color: #eeeeee; text-align: left; }
.number { text-align: right; }
.diagonal { font-weight: bold; }
.new-page { page-break-before: always; }
"""
