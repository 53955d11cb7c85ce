/** Figures 3(a) and 3(b) with their numbers. */
import { rewardChart } from '../charts/reward-chart.ts';
import { percent, percentWithInterval } from '../figures.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function rewardSection({ rewards }: ReportInput): Markup | undefined {
  if (!rewards || rewards.length === 0) return undefined;
  const categories = [...new Set(rewards.flatMap(({ byCategory }) => Object.keys(byCategory ?? {})))];
  return html`<section id="reward">
<h2>Does the reward agree with the raters?</h2>
<p class="lead">Held-out pairs: one image judged good and one judged bad of the same prompt, none of which the reward has trained on. A coin is right on half of them. Bars with “half” saw half the labelled images (figure 3b).</p>
${rewardChart(rewards)}
<div class="scroll"><table>
<thead><tr><th>Score</th><th>Seen objects</th><th>pairs</th><th>Unseen objects</th><th>pairs</th></tr></thead>
<tbody>${rewards.map(
    ({ label, seen, unseen }) => html`<tr><td>${label}</td>
<td>${seen ? percentWithInterval(seen) : '–'}</td><td>${seen?.n ?? '–'}</td>
<td>${unseen ? percentWithInterval(unseen) : '–'}</td><td>${unseen?.n ?? '–'}</td></tr>`,
  )}</tbody></table></div>
${
  categories.length === 0
    ? undefined
    : html`<div class="scroll"><table>
<thead><tr><th>By category</th>${rewards.map(({ label }) => html`<th>${label}</th>`)}</tr></thead>
<tbody>${categories.map(
        (category) => html`<tr><td>${category}</td>
${rewards.map(({ byCategory }) => html`<td>${byCategory?.[category] ? percent(byCategory[category].mean) : '–'}</td>`)}</tr>`,
      )}</tbody></table></div>`
}
</section>`;
}
