/**
 * Renders training curves from metrics.jsonl, and sample images of fixed prompts and seeds at several steps of tuning.
 */
import { curveNames, metricTitle } from '../../metrics/metric-titles.ts';
import { runColours } from '../charts/palette.ts';
import { trainingChart } from '../charts/training-chart.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function trainingSection({ curves, grids, gridPrompts }: ReportInput): Markup | undefined {
  if (!curves?.length && !grids?.length) return undefined;
  const metrics = curveNames((curves ?? []).flatMap(({ records }) => records));
  const charts = metrics.flatMap((metric) => {
    const chart = trainingChart(curves ?? [], metric);
    return chart ? [html`<figure><figcaption>${metricTitle(metric)}</figcaption>${chart}</figure>`] : [];
  });
  const labels = (curves ?? []).map(({ label }) => label);
  const colours = runColours(labels);
  const legend = labels.map((label, i) => html`<span><i style="background:${colours[i]}"></i>${label}</span>`);
  return html`<section id="training">
<h2>Tuning</h2>
${charts.length === 0 ? undefined : html`<p class="lead">Faint: every step. Bold: running mean.</p>${labels.length > 1 ? html`<div class="legend">${legend}</div>` : undefined}<div class="charts">${charts}</div>`}
${
  grids?.length
    ? html`<h3>Fixed prompts and seeds over the steps</h3>
${gridPrompts?.length ? html`<p class="note">${gridPrompts.join(' · ')}</p>` : undefined}
<div class="steps">${grids.map(({ step, picture }) => html`<figure class="grid"><img alt="samples at step ${step}" src="${picture}"><figcaption>step ${step}</figcaption></figure>`)}</div>`
    : undefined
}
</section>`;
}
