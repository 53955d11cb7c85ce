/** The same prompt and seed by the base and the tuned model, side by side. */
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function picturesSection({ pairs }: ReportInput): Markup | undefined {
  if (!pairs?.length) return undefined;
  return html`<section id="pictures">
<h2>The same prompt and seed, before and after</h2>
<p class="lead">Taken at even distances from the evaluation prompts, always the first seed: not chosen by how they look. A coloured frame: the recogniser finds everything that was asked for.</p>
<div class="pairs">${pairs.map(
    ({
      prompt,
      seen,
      seed,
      pictures,
    }) => html`<div class="pair"><h3>${prompt} <span class="note">${seen ? 'seen' : 'unseen'} · seed ${seed}</span></h3>
<div class="row">${pictures.map(
      ({ label, picture, correct }) =>
        html`<figure><img class="${correct ? 'right' : 'wrong'}" alt="${prompt} by ${label}" src="${picture}"><figcaption>${label} ${correct ? '✓' : '✗'}</figcaption></figure>`,
    )}</div></div>`,
  )}</div></section>`;
}
