/** Renders the limits of the report's numbers. */
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function caveatsSection({ evaluation, feedback }: ReportInput): Markup {
  const simulated = (evaluation?.comparisons.length ?? 0) > 0 || (feedback?.simulatedRaters ?? 0) > 0;
  const isEmojiWorld = evaluation?.world === 'emoji';
  return html`<section id="caveats">
<h2>Caveats</h2>
<ul>
${simulated ? html`<li>The raters called simulated are programs, not people. They judge by a recogniser trained on clean drawings, with noise and slips added; the same recogniser counts the aligned images. Where it errs, both err together.</li>` : undefined}
${simulated ? html`<li>Whether simulated raters find a picture “good” is a proxy: how sure the recogniser is, and how crisp the edges are.</li>` : undefined}
${
  isEmojiWorld
    ? html`<li>The world is a toy: 64-pixel scenes of emoji art and a Stable Diffusion of a few million parameters. What holds here need not hold for large models and people.</li>
<li>Fréchet distance and CMMD use the world's own small CLIP. They are no FID and cannot be compared with published numbers.</li>`
    : html`<li>Rewards, CLIP score and diversity all look through one CLIP, which counts badly. Blind answers of people do not.</li>`
}
<li>Intervals come from resampling prompts. They do not cover the chance in training: for that, run other seeds.</li>
<li>CLIP's text and image towers also make the reward's features; the CLIP score it is compared with is their plain cosine.</li>
</ul></section>`;
}
