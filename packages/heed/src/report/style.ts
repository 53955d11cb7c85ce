/**
 * The report's style sheet as one string, with a light and a dark theme. The style sheet loads no fonts or pictures.
 */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d2127; --muted: #626a75; --line: #dcdfe3; --faint: #f1f2f4;
  --accent: #0b7263; --accent-soft: #8fcdc1; --amber: #d9912b; --rose: #b53846; --violet: #7d5cc6; --blue: #3f78c9;
  --blue-soft: #a8c3ea; --grey: #8d96a3; --tie: #c6ccd4; --on-bar: #ffffff; --on-tie: #1d2127;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f25; --ink: #e6e9ee; --muted: #9aa4b1; --line: #39414c; --faint: #232931;
    --accent: #35b29d; --accent-soft: #1f6f63; --amber: #e0a24b; --rose: #e06a75; --violet: #a389e3; --blue: #6b9be0;
    --blue-soft: #34547f; --grey: #7f8996; --tie: #4a5461; --on-bar: #10131c; --on-tie: #e6e9ee;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 0 0 4px; letter-spacing: -0.005em; }
h3 { font-size: 15px; margin: 26px 0 8px; }
p { margin: 0 0 12px; max-width: 74ch; }
.lead, .note { color: var(--muted); }
.note { font-size: 13px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 22px 24px 24px; margin-top: 22px; }
.banner { border-left: 4px solid var(--amber); background: var(--faint); padding: 10px 14px; border-radius: 6px; margin: 18px 0 0; font-size: 14px; max-width: none; }
.headline { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 14px; margin-top: 20px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 15px; display: flex; flex-direction: column; }
.tile .name { flex: 1; }
.tile .value { font-size: 26px; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.02em; line-height: 1.25; }
.tile .name { color: var(--muted); font-size: 13px; }
.tile .range { color: var(--muted); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 10px 0 4px; font-size: 14px; }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; vertical-align: top; }
th { font-weight: 600; color: var(--muted); font-size: 12.5px; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.wrap { white-space: normal; min-width: 11em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.scroll { position: relative; }
thead .span { text-align: center; border-bottom: 1px solid var(--line); }
td .dev { color: var(--muted); font-size: 12px; }
.verdict { display: inline-block; min-width: 7.2em; padding: 1px 8px; border-radius: 99px; font-size: 12.5px; text-align: center; font-weight: 600; background: var(--faint); }
.verdict.held { background: color-mix(in srgb, var(--accent) 22%, transparent); color: var(--ink); }
.verdict.failed { background: color-mix(in srgb, var(--rose) 24%, transparent); color: var(--ink); }
.verdict.unclear { background: color-mix(in srgb, var(--amber) 26%, transparent); color: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: 6px 16px; font-size: 13px; color: var(--muted); margin: 8px 0; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 18px 26px; }
.charts figure { margin: 0; min-width: 0; }
figcaption { font-size: 13px; color: var(--muted); }
svg { max-width: 100%; height: auto; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); gap: 18px; margin-top: 14px; }
.pair h3 { margin: 0 0 6px; font-size: 14px; }
.pair .row { display: flex; gap: 8px; }
.pair figure { margin: 0; flex: 1; min-width: 0; }
.pair img, .grid img { width: 100%; image-rendering: pixelated; border-radius: 6px; display: block; }
.pair img { aspect-ratio: 1; border: 2px solid var(--line); }
.pair img.right { border-color: var(--accent); }
.grid { margin: 14px 0 0; }
.grid img { max-width: 960px; }
.steps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; }
ol.sketch { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 150px), 1fr)); gap: 14px; margin: 14px 0 0; padding: 0; }
.sketch li { position: relative; background: var(--faint); border-radius: 8px; padding: 10px 12px; font-size: 13px; }
.sketch b { display: block; font-size: 14px; }
.sketch li:not(:last-child)::after { content: '→'; position: absolute; right: -13px; top: 8px; color: var(--muted); }
footer { color: var(--muted); font-size: 13px; margin-top: 30px; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; font-size: 14px; margin: 8px 0 0; }
dl.facts dt { color: var(--muted); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  main { padding: 24px 12px 60px; }
  section { padding: 16px 14px; }
  dl.facts { grid-template-columns: minmax(0, 1fr); }
  dl.facts dd { margin-bottom: 6px; }
  ol.sketch { grid-template-columns: minmax(0, 1fr); }
  .stacked thead { display: none; }
  .stacked tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  .stacked td { display: block; border: 0; padding: 2px 0; }
  .sketch li:not(:last-child)::after { content: '↓'; right: 50%; top: auto; bottom: -17px; }
}
@media print { section { break-inside: avoid; } body { background: none; } }
`;
