/** Drawings that wait, run, or ended without a result. */
import type { OpenTry } from './try-api.ts';

interface OpenTriesProps {
  open: readonly OpenTry[];
  /** Another command that drawing waits for. */
  waitsFor: string | null;
  onCancel: (job: string) => void;
}

export function OpenTries({ open, waitsFor, onCancel }: OpenTriesProps) {
  if (open.length === 0) return null;
  return (
    <section aria-label="Drawing">
      <ul className="runs">
        {[...open].reverse().map(({ job, prompt, state, progress, note, error }) => {
          const isOpen = state === 'waiting' || state === 'running';
          return (
            <li key={job} className="run job">
              <div className="row">
                <b dir="auto">{prompt}</b>
                <span className={`tag is-${state}`} role="status">
                  {state === 'waiting' && waitsFor !== null ? `waits for ${waitsFor} to end` : state}
                </span>
                {isOpen && (
                  <button type="button" className="button small push" onClick={() => onCancel(job)}>
                    Cancel<span className="visually-hidden"> {prompt}</span>
                  </button>
                )}
              </div>
              {state === 'running' && (
                <>
                  <progress
                    aria-label={`Drawing ${prompt}`}
                    max={progress?.total ?? 1}
                    {...(progress === undefined ? {} : { value: progress.done })}
                  />
                  <p className="soft">
                    {progress === undefined
                      ? (note ?? 'Loading the model…')
                      : `${progress.label}: ${progress.done} of ${progress.total}`}
                  </p>
                </>
              )}
              {error !== undefined && <p className="status-problem">{error}</p>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
