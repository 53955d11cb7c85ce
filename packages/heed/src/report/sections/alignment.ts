/**
 * Renders the alignment of every arm: the chart, and the table by category, by seen and unseen prompts, and by
 * attribute.
 */

import type { CategorySummary, JudgedArm } from '../../evaluate/evaluation.ts';
import { armLabel, judgedArms } from '../../evaluate/evaluation.ts';
import type { Interval } from '../../statistics/index.ts';
import { formatShare } from '../../statistics/index.ts';
import { percent } from '../../text/percent.ts';
import { alignmentChart } from '../charts/alignment-chart.ts';
import { pointsWithInterval } from '../figures.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function alignmentSection({ evaluation }: ReportInput): Markup | undefined {
  if (!evaluation) return undefined;
  const { differences, settings } = evaluation;
  const arms = judgedArms(evaluation.arms);
  if (arms.length === 0) return undefined;
  const categories = [...new Set(arms.flatMap((arm) => Object.keys(arm.alignment.byCategory)))];
  const attributes = [...new Set(arms.flatMap((arm) => Object.keys(arm.perAttribute)))];
  const label = (name: string) => armLabel(arms, name);
  return html`<section id="alignment">
<h2>Do the images show what was asked?</h2>
<p class="lead">${settings.prompts} evaluation prompts, ${settings.imagesPerPrompt} images each, by the world's recogniser: an image counts when everything asked for is there. Intervals: 95 % bootstrap over prompts.</p>
${alignmentChart(arms)}
<div class="scroll" tabindex="0" role="group" aria-label="Aligned images by category"><table>
<thead><tr><th><span class="hidden">Model</span></th><th><span class="hidden">All prompts</span></th>${categories.map((c) => html`<th class="span" colspan="2">${c}</th>`)}</tr>
<tr><th>Images of</th><th>all prompts</th>${categories.flatMap(() => [html`<th>seen</th>`, html`<th>unseen</th>`])}</tr></thead>
<tbody>${arms.map((arm) => armRow(arm, categories))}</tbody></table></div>
<h3>By attribute</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Aligned images by attribute"><table>
<thead><tr><th>Images of</th>${attributes.map((a) => html`<th>${a} right</th>`)}</tr></thead>
<tbody>${arms.map((arm) => html`<tr><td>${arm.label}</td>${attributes.map((a) => html`<td>${optional(arm.perAttribute[a])}</td>`)}</tr>`)}</tbody></table></div>
<h3>Differences, paired by prompt</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Differences"><table><tbody>${differences.map(
    ({ treated, baseline, interval }) =>
      html`<tr><td>${label(treated)} − ${label(baseline)}</td><td>${pointsWithInterval(interval)}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function armRow(arm: JudgedArm, categories: readonly string[]): Markup {
  const cell = (summary: CategorySummary | undefined, part: 'seen' | 'unseen') => {
    const interval = summary?.[part];
    return html`<td>${interval ? percent(interval.mean) : '–'}</td>`;
  };
  return html`<tr><td>${arm.label}</td><td>${formatShare(arm.alignment)}</td>${categories.flatMap((c) => [
    cell(arm.alignment.byCategory[c], 'seen'),
    cell(arm.alignment.byCategory[c], 'unseen'),
  ])}</tr>`;
}

function optional(interval: Interval | undefined): string {
  return interval ? formatShare(interval) : '–';
}
