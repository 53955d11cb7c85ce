/** How far the rater is, and about how long the rest takes. */
import { type Texts, useTexts } from '../language/language.ts';
import { RichText } from '../language/rich-text.tsx';

interface ProgressLineProps {
  answered: number;
  open: number;
  /** A query is shown that will count: there is at least this one. */
  isAsking: boolean;
  medianSeconds?: number | undefined;
}

export function ProgressLine({ answered, open, isAsking, medianSeconds }: ProgressLineProps) {
  const { progress } = useTexts();
  // Others may have answered what this page still shows.
  const all = answered + Math.max(open, isAsking ? 1 : 0);
  // Nothing is known yet, or there is nothing.
  if (all === 0) return null;
  return (
    <div className="progress-line">
      <progress max={Math.max(1, all)} value={answered} aria-label={progress.answered} />
      <p>
        <RichText text={progress.of(answered, all)} />
        {medianSeconds !== undefined &&
          open > 0 &&
          answered >= 3 &&
          ` · ${progress.left(durationText(open * medianSeconds, progress))}`}
      </p>
    </div>
  );
}

/** '40 s', '6 min', '2 h'. */
export function durationText(seconds: number, progress: Texts['progress']): string {
  if (seconds < 90) return progress.seconds(Math.max(5, Math.round(seconds / 5) * 5));
  if (seconds < 5400) return progress.minutes(Math.round(seconds / 60));
  return progress.hours(Math.round(seconds / 3600));
}
