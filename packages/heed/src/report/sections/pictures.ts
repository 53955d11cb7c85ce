/** Shows images of the base and the tuned model side by side, from the same prompts and seeds. */
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { PicturePair, ReportInput } from '../report-input.ts';

export function picturesSection({ pairs }: ReportInput): Markup | undefined {
  if (!pairs?.length) return undefined;
  const isJudged = pairs.some(({ pictures }) => pictures.some(({ correct }) => correct !== undefined));
  return html`<section id="pictures">
<h2>The same prompt and seed, before and after</h2>
<p class="lead">Taken at even distances from the evaluation prompts, always the first seed: not chosen by how they look.${isJudged ? ' A coloured frame: the recogniser finds everything that was asked for.' : ''}</p>
${pictureRows(pairs)}</section>`;
}

/** Shows image pairs for prompts outside the trained categories: how tuning changed other images. */
export function othersSection({ others }: ReportInput): Markup | undefined {
  if (!others?.length) return undefined;
  return html`<section id="others">
<h2>Prompts outside the trained categories</h2>
<p class="lead">The same noise for each model. No program judges these: look for lost styles, over-saturation and doubled objects.</p>
${pictureRows(others)}</section>`;
}

function pictureRows(pairs: readonly PicturePair[]): Markup {
  return html`<div class="pairs">${pairs.map(
    ({
      prompt,
      seen,
      seed,
      pictures,
    }) => html`<div class="pair"><h3>${prompt} <span class="note">${seen ? 'learned from' : 'held out'} · seed ${seed}</span></h3>
<div class="row">${pictures.map(
      ({ label, picture, correct }) =>
        html`<figure><img class="${frame(correct)}" alt="${prompt} by ${label}" src="${picture}"><figcaption>${label} ${mark(correct)}</figcaption></figure>`,
    )}</div></div>`,
  )}</div>`;
}

function frame(correct: boolean | undefined): string {
  return correct === undefined ? 'plain' : correct ? 'right' : 'wrong';
}

function mark(correct: boolean | undefined): string {
  return correct === undefined ? '' : correct ? '✓' : '✗';
}
