# SPDX-License-Identifier: EUPL-1.2
"""The style of reports: readable on paper, on a telephone, in the dark, and in either direction."""

STYLE = """
:root { color-scheme: light dark; --ink: #17282a; --grey: #47585a; --rule: #d9d2c3; --paper: #fff;
  --sea: #0f5e5a; --earth: #a84a1d; --sand: #f7f4ee; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f4f3; --grey: #b9c7c5; --rule: #3d4a4b;
  --paper: #14201f; --sea: #6fc3b4; --earth: #f0a07a; --sand: #1e2c2b; } }
@media print { :root { --ink: #000; --grey: #333; --rule: #bbb; --paper: #fff; --sea: #0f5e5a;
  --earth: #a84a1d; --sand: #fff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: "Noto Sans", "Noto Sans Arabic", system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0 0 1.25rem; font-size: clamp(1.6rem, 1.3rem + 1.6vw, 2.3rem); line-height: 1.2; }
h2 { margin: 2.75rem 0 .5rem; font-size: 1.4rem; line-height: 1.3; }
p { max-width: 44rem; margin: 0 0 1rem; }
.quiet { color: var(--grey); font-size: .95rem; }
.notice { padding: .75rem 1rem; border-inline-start: .4rem solid var(--earth); background: var(--sand); }
.keys { display: grid; gap: .75rem; margin: 1.5rem 0 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); }
.keys li { display: flex; flex-direction: column; padding: .75rem 1rem; border: 1px solid var(--rule);
  border-radius: .6rem; break-inside: avoid; }
.keys strong { font-size: 1.35rem; line-height: 1.3; }
figure { max-width: 45rem; margin: 0 0 1.5rem; break-inside: avoid; }
figcaption { margin-bottom: .4rem; font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
@media (max-width: 36rem) { .wide { display: none; } .narrow { display: block; } }
summary { margin: 0 0 1rem; cursor: pointer; }
.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding: .25rem 0 .5rem; font-weight: 600; text-align: start; }
caption span { position: sticky; inset-inline-start: 0; display: inline-block;
  max-width: calc(100vw - 2.5rem); }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--rule); text-align: start;
  vertical-align: top; font-weight: 400; }
[dir=rtl] th, [dir=rtl] td { padding: .45rem 0 .45rem .75rem; }
thead th { font-weight: 600; vertical-align: bottom; }
.number { text-align: end; white-space: nowrap; }
thead .number { white-space: normal; }
.strong > * { font-weight: 700; }
dl { margin: 0 0 1.5rem; }
dl div { display: grid; gap: 0 1.5rem; padding: .45rem 0; border-bottom: 1px solid var(--rule);
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); }
dt { color: var(--grey); }
dd { margin: 0; overflow-wrap: anywhere; }
.look-plot__label, .look-plot__number { stroke: var(--paper); }
.look-plot__label { fill: var(--ink); }
.look-plot__number { fill: var(--grey); }
.look-plot__rule { stroke: var(--rule); }
.look-plot__axis { stroke: var(--grey); }
.look-plot__reform, .look-plot__gain { fill: var(--sea); }
.look-plot__loss { stroke: var(--earth); }
.look-plot__hatch { fill: var(--earth); }
.look-plot__hatch-ground { fill: var(--paper); }
.look-plot__law, .look-plot__same { fill: var(--paper); stroke: var(--grey); }
.look-plot__line-law { stroke: var(--grey); }
.look-plot__line-reform { stroke: var(--sea); }
.look-plot__halo { stroke: var(--paper); }
.look-plot__outline { stroke: var(--ink); }
"""
