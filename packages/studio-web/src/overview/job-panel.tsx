/** A running or ended command: what it does, how far it is, how it ended. */
import type { Job, JobKind } from '@heed/studio-api';

const NAMES: Readonly<Record<JobKind, string>> = {
  generate: 'Drawing images',
  reward: 'Training the reward',
  tune: 'Tuning the model',
  evaluate: 'Evaluating',
  report: 'Writing the report',
  next: 'Choosing what to label next',
  try: 'Drawing to try',
};
const STATES = { waiting: 'waiting', running: 'running', done: 'done', failed: 'failed', stopped: 'stopped' } as const;

export function JobPanel({ job, onStop }: { job: Job; onStop: () => void }) {
  const { kind, name, state, progress, error, notes, worker } = job;
  return (
    <section className="panel job" aria-label="Command">
      <div className="row">
        <h2>{NAMES[kind]}</h2>
        {name !== undefined && <span className="soft">{name}</span>}
        <span className={`tag is-${state}`} role="status">
          {STATES[state]}
        </span>
        {state === 'running' && worker !== undefined && <span className="soft">on {worker.host}</span>}
        {(state === 'running' || state === 'waiting') && (
          <button type="button" className="button small push" onClick={onStop}>
            Stop
          </button>
        )}
      </div>
      {state === 'running' && (
        <>
          <progress
            aria-label={NAMES[kind]}
            max={progress?.total ?? 1}
            {...(progress === undefined ? {} : { value: progress.done })}
          />
          <p className="soft">
            {progress === undefined
              ? 'Starting…'
              : `${progress.label}: ${progress.done} of ${progress.total}${
                  progress.leftSeconds === undefined ? '' : ` · about ${Math.ceil(progress.leftSeconds)} s left`
                }`}
          </p>
        </>
      )}
      {error !== undefined && <p className="status-problem">{error}</p>}
      {notes.length > 0 && <p className="soft">{notes.at(-1)}</p>}
    </section>
  );
}
