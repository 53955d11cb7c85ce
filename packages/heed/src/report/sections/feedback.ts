/**
 * Renders the counterpart of the paper's table 2: the number of judgements, the raters, and the share of each label.
 */
import { percent } from '../../text/percent.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { FeedbackRow, ReportInput } from '../report-input.ts';

export function feedbackSection({ feedback }: ReportInput): Markup | undefined {
  if (!feedback || feedback.rows.length === 0) return undefined;
  const sum = (pick: (row: FeedbackRow) => number) => feedback.rows.reduce((total, row) => total + pick(row), 0);
  const all: FeedbackRow = {
    category: 'total',
    good: sum((r) => r.good),
    bad: sum((r) => r.bad),
    skip: sum((r) => r.skip),
  };
  return html`<section id="feedback">
<h2>Feedback</h2>
<p class="lead">${whoJudged(feedback.simulatedRaters, feedback.humanRaters)} Each sees three images of one prompt and marks each good or bad, or skips it.</p>
<div class="scroll" tabindex="0" role="group" aria-label="Judgements by category"><table>
<thead><tr><th>Category</th><th>Judgements</th><th>Good</th><th>Bad</th><th>Skip</th></tr></thead>
<tbody>${[...feedback.rows, all].map(feedbackRow)}</tbody>
</table></div></section>`;
}

function feedbackRow({ category, good, bad, skip }: FeedbackRow): Markup {
  const total = Math.max(1, good + bad + skip);
  return html`<tr><td>${category}</td><td>${good + bad + skip}</td><td>${percent(good / total)}</td><td>${percent(bad / total)}</td><td>${percent(skip / total)}</td></tr>`;
}

function whoJudged(simulated: number, human: number): string {
  const parts = [
    ...(human > 0 ? [`${human} ${human === 1 ? 'person' : 'people'}`] : []),
    ...(simulated > 0 ? [`${simulated} simulated ${simulated === 1 ? 'rater' : 'raters'}`] : []),
  ];
  return `Judged by ${parts.join(' and ')}.`;
}
