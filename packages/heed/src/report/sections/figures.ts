/**
 * Renders all measured numbers of each arm, people's judgements included. Each number is shown with an interval and
 * with the judge that it comes from.
 */
import { armLabel, type Evaluation, type Figure } from '../../evaluate/evaluation.ts';
import { formatDifference, formatFigure } from '../../evaluate/format-figure.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function figuresSection({ evaluation, people }: ReportInput): Markup | undefined {
  if (!evaluation) return undefined;
  const figures = [...(people?.figure ? [people.figure] : []), ...evaluation.figures];
  if (figures.length === 0 && evaluation.notes.length === 0) return undefined;
  return html`<section id="figures">
<h2>Figures by judge</h2>
<p class="lead">${evaluation.prompts.length} evaluation prompts. Each line names who or what judged. Intervals: 95 % bootstrap over prompts, of FID and CMMD the jackknife; differences are paired by prompt. Saturation, doubled objects and less diversity are what the paper saw go wrong.</p>
${figures.length === 0 ? undefined : figureTable(figures, evaluation)}
${evaluation.notes.map((note) => html`<p class="note">Not measured: ${note}.</p>`)}</section>`;
}

function figureTable(figures: readonly Figure[], { arms }: Evaluation): Markup {
  const pairs = [...new Set(figures.flatMap(({ differences }) => differences.map(({ treated }) => treated)))];
  const baseline = arms[0]!.name;
  const differenceOf = (figure: Figure, name: string) =>
    figure.differences.find(({ treated, baseline: against }) => treated === name && against === baseline);
  const shown = pairs.filter((name) => figures.some((figure) => differenceOf(figure, name)));
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Figures by judge"><table>
<thead><tr><th class="text">Figure</th>${arms.map(({ label }) => html`<th>${label}</th>`)}${shown.map((name) => html`<th>${armLabel(arms, name)} − ${armLabel(arms, baseline)}</th>`)}</tr></thead>
<tbody>${figures.map(
    (figure) => html`<tr><td class="text wrap">${figure.label} <span class="note">${figure.judge}</span></td>
${arms.map(({ name }) => html`<td>${figure.arms[name] ? formatFigure(figure.arms[name], figure.unit) : '–'}</td>`)}
${shown.map((name) => {
  const difference = differenceOf(figure, name);
  return html`<td>${difference ? formatDifference(difference.interval, figure.unit) : '–'}</td>`;
})}</tr>`,
  )}</tbody></table></div>`;
}
