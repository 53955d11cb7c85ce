/**
 * Renders the counterparts of the paper's figures 4, 6(a) and 6(b), each followed by a table of vote shares by category
 * (tables 5 to 7).
 */

import type { Comparison, Evaluation, Outcome, VoteCell } from '../../evaluate/evaluation.ts';
import { armLabel, OUTCOMES, QUESTIONS } from '../../evaluate/evaluation.ts';
import { percent } from '../../text/percent.ts';
import { OUTCOME_COLOURS } from '../charts/palette.ts';
import { voteHistogram, voteShareChart } from '../charts/vote-charts.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function comparisonsSection({ evaluation }: ReportInput): Markup | undefined {
  if (!evaluation || evaluation.comparisons.length === 0) return undefined;
  const { raters, agreement, setSize } = evaluation.comparisons[0]!;
  return html`<section id="comparisons">
<h2>Blind comparisons by ${raters} simulated raters</h2>
<p class="lead">Two sets of ${setSize} images of one prompt side by side, sides drawn at random: which fits the prompt better, and, asked apart, which are the better pictures? A query is decided when at least ${agreement} of ${raters} simulated raters agree.</p>
<div class="legend">${OUTCOMES.map((outcome) => html`<span><i style="background:${OUTCOME_COLOURS[outcome]}"></i>${outcome}</span>`)}</div>
${evaluation.comparisons.map((comparison) => comparisonBlock(comparison, evaluation))}
</section>`;
}

function comparisonBlock(comparison: Comparison, evaluation: Evaluation): Markup {
  const label = (name: string) => armLabel(evaluation.arms, name);
  return html`<h3>${label(comparison.treated)} against ${label(comparison.baseline)}</h3>
${voteShareChart(comparison)}
<div class="scroll" tabindex="0" role="group" aria-label="Decided queries"><table><thead><tr><th>Decided queries</th>${OUTCOMES.map((outcome) => html`<th>${outcome}</th>`)}<th>undecided</th></tr></thead>
<tbody>${QUESTIONS.map((question) => {
    const { agreed } = comparison.answers[question];
    const rest = 1 - OUTCOMES.reduce((total, outcome) => total + agreed[outcome], 0);
    return html`<tr><td>${question}</td>${OUTCOMES.map((outcome) => html`<td>${percent(agreed[outcome])}</td>`)}<td>${percent(Math.max(0, rest))}</td></tr>`;
  })}</tbody></table></div>
<details><summary class="note">Votes by query and shares by category</summary>
${voteHistogram(comparison)}
${cellTable(comparison)}</details>`;
}

function cellTable(comparison: Comparison): Markup {
  const [first, second] = QUESTIONS;
  const fidelityCells = comparison.answers[second].cells;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Shares of votes by category"><table>
<thead><tr><th><span class="hidden">Prompts</span></th><th class="span" colspan="3">Alignment</th><th class="span" colspan="3">Fidelity</th></tr>
<tr><th>Prompts</th>${[...OUTCOMES, ...OUTCOMES].map((outcome) => html`<th>${outcome}</th>`)}</tr></thead>
<tbody>${comparison.answers[first].cells.map(
    (cell, index) =>
      html`<tr><td>${cell.seen ? 'learned from' : 'held out'}, ${cell.category} (${cell.queries})</td>${shares(cell)}${shares(fidelityCells[index])}</tr>`,
  )}</tbody></table></div>
<p class="note">Percent of votes, mean ± standard deviation over the simulated raters.</p>`;
}

function shares(cell: VoteCell | undefined): Markup[] {
  return OUTCOMES.map((outcome: Outcome) => {
    const share = cell?.shares[outcome];
    return share
      ? html`<td>${(100 * share.mean).toFixed(1)} <span class="dev">± ${(100 * share.deviation).toFixed(1)}</span></td>`
      : html`<td>–</td>`;
  });
}
