/** Renders the counterpart of the paper's table 3: reward and fidelity of every tuned model. */
import { formatFidelity } from '../../evaluate/format-figure.ts';
import { tradeoffChart } from '../charts/tradeoff-chart.ts';
import { decimalWithInterval } from '../figures.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function fidelitySection({ evaluation }: ReportInput): Markup | undefined {
  const arms = evaluation?.arms.filter((arm) => arm.fidelity || arm.reward) ?? [];
  // Without pictures of the world there is nothing to compare with; the reward stands among the other figures.
  if (!evaluation || arms.length === 0 || evaluation.world === 'none') return undefined;
  const chart = tradeoffChart(arms);
  const { fidelityImages } = evaluation.settings;
  const distances =
    fidelityImages === 0
      ? html`Fidelity was not measured (<code>evaluate.fidelityImages = 0</code>).`
      : html`${fidelityImages} images from captions of fresh scenes, against as many fresh renders of other scenes, both embedded by the world's own CLIP. <strong>These distances are not FID</strong> and compare only within this report.`;
  return html`<section id="fidelity">
<h2>What does it cost in fidelity?</h2>
<p class="lead">${distances} The mean reward is over the evaluation prompts.</p>
<div class="scroll" tabindex="0" role="group" aria-label="Fidelity and reward by model"><table>
<thead><tr><th>Model</th><th>Fréchet distance</th><th>CMMD</th><th>Mean reward</th></tr></thead>
<tbody>${arms.map(
    ({ label, fidelity, reward }) =>
      html`<tr><td>${label}</td>${(fidelity ? formatFidelity(fidelity) : ['–', '–']).map((text) => html`<td>${text}</td>`)}<td>${reward ? decimalWithInterval(reward) : '–'}</td></tr>`,
  )}</tbody></table></div>${chart}</section>`;
}
