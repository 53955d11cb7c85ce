/** The comparison of methods as one self-contained page. */
import type { FigureUnit } from '../evaluate/evaluation.ts';
import { formatDifference, formatFigure } from '../evaluate/format-figure.ts';
import { html } from '../report/html.ts';
import { standalonePage } from '../report/standalone-page.ts';
import type { Interval } from '../statistics/index.ts';
import { methodColour, paretoChart } from './pareto-chart.ts';
import type { MethodComparison, MethodPoint } from './summary.ts';

const TITLE = 'Tuning methods side by side';

/** The whole page as a string; no scripts, no requests. */
export function comparisonPage(comparison: MethodComparison, facts: Readonly<Record<string, string>>): string {
  const { points, seeds, runs, unit, alignmentJudge, distanceName } = comparison;
  const names = points.map(({ name }) => name);
  const body = html`<main>
<h1>${TITLE}</h1>
<p class="lead">heed compare-methods · ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'} of tuning (${seeds.join(', ')})${
    runs.finished < runs.planned ? html` · under way: ${runs.finished} of ${runs.planned} runs` : undefined
  }</p>
<section id="pareto"><h2>Alignment against fidelity</h2>
<p class="lead">Every method learned from the same labels and took the same number of passes of the network. Alignment: ${alignmentJudge}; minus before tuning is paired by prompt. Large dots are means over seeds, small ones single seeds, rings the best of n by the reward on top. Upright lines are 95 % intervals over prompts, level ones reach from the least to the most of a seed. The line joins methods that no other beats in both figures; the table has them in bold.</p>
${paretoChart(comparison)}
<p class="legend">${points.map(
    ({ name, label }) => html`<span><i style="background:${methodColour(name, names)}"></i>${label}</span>`,
  )}</p>
<div class="scroll" tabindex="0" role="group" aria-label="Methods"><table>
<thead><tr><th>Method</th><th>Updates</th><th>Alignment</th><th>Minus before tuning</th><th>Best of n on top</th><th>${distanceName} distance</th></tr></thead>
<tbody>${points.map((point) => rowOf(point, unit))}</tbody></table></div></section>
<section id="facts"><h2>This comparison</h2><dl class="facts">${Object.entries(facts).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl></section>
</main>`;
  return standalonePage(TITLE, body);
}

function rowOf({ label, updates, alignment, gain, bestOf, distance, isEfficient }: MethodPoint, unit: FigureUnit) {
  const range = ({ mean, lo, hi }: Interval) => `${mean.toFixed(2)} [${lo.toFixed(2)}, ${hi.toFixed(2)}]`;
  return html`<tr><td>${isEfficient && distance ? html`<b>${label}</b>` : label}</td><td>${updates === 0 ? '–' : updates}</td><td>${formatFigure(alignment, unit)}</td>
<td>${gain ? formatDifference(gain, unit) : '–'}</td>
<td>${formatFigure(bestOf, unit)}</td><td>${distance ? range(distance) : '–'}</td></tr>`;
}
