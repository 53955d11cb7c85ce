/** Every figure of every arm, with its judge and its interval; what people said is among them. */
import { armLabel, type Evaluation, type Figure } from '../../evaluate/evaluation.ts';
import { formatDifference, formatFigure } from '../../evaluate/format-figure.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function figuresSection({ evaluation, people }: ReportInput): Markup | undefined {
  if (!evaluation) return undefined;
  const figures = [...(people?.figure ? [people.figure] : []), ...evaluation.figures];
  if (figures.length === 0 && evaluation.notes.length === 0 && !hasReference(evaluation)) return undefined;
  return html`<section id="figures">
<h2>Figures by judge</h2>
<p class="lead">${evaluation.prompts.length} evaluation prompts. Each line names who or what judged. Intervals: 95 % bootstrap over prompts; differences are paired by prompt. Saturation, doubled objects and less diversity are what the paper saw go wrong.</p>
${figures.length === 0 ? undefined : figureTable(figures, evaluation)}
${referenceTable(evaluation)}
${evaluation.notes.map((note) => html`<p class="note">Not measured: ${note}.</p>`)}</section>`;
}

function figureTable(figures: readonly Figure[], { arms }: Evaluation): Markup {
  const pairs = [...new Set(figures.flatMap(({ differences }) => differences.map(({ treated }) => treated)))];
  const baseline = arms[0]!.name;
  const differenceOf = (figure: Figure, name: string) =>
    figure.differences.find(({ treated, baseline: against }) => treated === name && against === baseline);
  const shown = pairs.filter((name) => figures.some((figure) => differenceOf(figure, name)));
  return html`<div class="scroll"><table>
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

function hasReference({ arms }: Evaluation): boolean {
  return arms.some(({ reference }) => reference !== undefined);
}

/** FID and CMMD against the pictures of the settings; no intervals, since both are figures of whole sets. */
function referenceTable(evaluation: Evaluation): Markup | undefined {
  if (!hasReference(evaluation)) return undefined;
  const decimal = (value: number | undefined, digits: number) => (value === undefined ? '–' : value.toFixed(digits));
  return html`<h3>Distance to the reference pictures</h3>
<div class="scroll"><table>
<thead><tr><th class="text">Model</th><th>images</th><th>FID</th><th>CMMD</th></tr></thead>
<tbody>${evaluation.arms.map(({ label, reference }) =>
    reference
      ? html`<tr><td class="text">${label}</td><td>${reference.images}</td><td>${decimal(reference.fid, 2)}</td><td>${decimal(reference.cmmd, 3)}</td></tr>`
      : undefined,
  )}</tbody></table></div>
<p class="note">FID as pytorch-fid computes it. Both depend on the number of images: compare within this table.</p>`;
}
