/** How far the rater is, and about how long the rest takes. */
interface ProgressLineProps {
  answered: number;
  open: number;
  medianSeconds?: number | undefined;
}

export function ProgressLine({ answered, open, medianSeconds }: ProgressLineProps) {
  const all = answered + open;
  return (
    <div className="progress-line">
      <progress max={Math.max(1, all)} value={answered} aria-label="Answered" />
      <p>
        <b>{answered}</b> of {all}
        {medianSeconds !== undefined && open > 0 && answered >= 3 && ` · about ${duration(open * medianSeconds)} left`}
      </p>
    </div>
  );
}

/** '40 s', '6 min', '2 h'. */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(5, Math.round(seconds / 5) * 5)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
