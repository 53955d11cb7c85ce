/** One run with all that can be done with it. */

import { useState } from 'react';
import { timeText } from '../parts/moment-text.ts';
import { followLink } from '../parts/router.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import type { ModelForm, ProjectRun, RunChange } from './runs-api.ts';

const COMMANDS = { tune: 'Tuning', reward: 'Reward training', evaluate: 'Evaluation' } as const;
const STATES = {
  going: ['is-running', 'running'],
  finished: ['is-done', 'finished'],
  unfinished: ['is-stopped', 'not finished'],
} as const;

interface RunRowProps {
  run: ProjectRun;
  isBusy: boolean;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
  onContinue: () => void;
  onRename: (to: string) => void;
  onDownload: (form: ModelForm) => void;
  /** `text` is what to say once it is done. */
  onChange: (what: RunChange, text: string) => void;
}

export function RunRow({ run, isBusy, isChosen, onChoose, onContinue, onRename, onDownload, onChange }: RunRowProps) {
  const { id, command, state, isArchived, usedAs } = run;
  const [asked, setAsked] = useState<'rename' | 'delete'>();
  const [tag, stateText] = STATES[state];
  const isGoing = state === 'going';
  return (
    <li className="run">
      <div className="row">
        <label className="check run-name">
          <input type="checkbox" checked={isChosen} onChange={(event) => onChoose(event.target.checked)} />
          <b>{id}</b>
        </label>
        <span className={`tag ${tag}`}>{stateText}</span>
        {isArchived && <span className="tag">archived</span>}
        {usedAs.length > 0 && <span className="tag is-done">in use</span>}
        <span className="soft">
          {COMMANDS[command]} · <time dateTime={run.startedAt}>{timeText(run.startedAt)}</time>
        </span>
      </div>
      <div className="row run-actions">
        {command === 'tune' && state === 'unfinished' && (
          <button type="button" className="button small primary" disabled={isBusy} onClick={onContinue}>
            Continue<span className="visually-hidden"> {id}</span>
          </button>
        )}
        {command !== 'evaluate' && !isArchived && (
          <a className="button small" href={`/training?run=${encodeURIComponent(id)}`} onClick={followLink}>
            Curves and samples<span className="visually-hidden"> of {id}</span>
          </a>
        )}
        <Downloads run={run} onDownload={onDownload} />
        {command === 'tune' && (
          <button type="button" className="button small" disabled={isGoing} onClick={() => setAsked('rename')}>
            Rename<span className="visually-hidden"> {id}</span>
          </button>
        )}
        <button
          type="button"
          className="button small"
          disabled={isGoing}
          onClick={() =>
            isArchived
              ? onChange('restore', `${id} is back.`)
              : onChange('archive', `${id} is archived; nothing of it is deleted.`)
          }
        >
          {isArchived ? 'Restore' : 'Archive'}
          <span className="visually-hidden"> {id}</span>
        </button>
        <button type="button" className="button small" disabled={isGoing} onClick={() => setAsked('delete')}>
          Delete…<span className="visually-hidden"> {id}</span>
        </button>
      </div>
      {asked === 'rename' && (
        <RenameDialog
          run={run}
          onClose={() => setAsked(undefined)}
          onRename={(to) => {
            setAsked(undefined);
            onRename(to);
          }}
        />
      )}
      {asked === 'delete' && (
        <DeleteDialog
          run={run}
          onClose={() => setAsked(undefined)}
          onDelete={() => {
            setAsked(undefined);
            onChange('delete', `${id} is deleted.`);
          }}
        />
      )}
    </li>
  );
}

interface DownloadsProps {
  run: ProjectRun;
  onDownload: (form: ModelForm) => void;
}

function Downloads({ run: { id, hasModel, hasLora }, onDownload }: DownloadsProps) {
  if (!hasModel) return null;
  const forms = [
    ['folder', 'folder (.tar)'],
    ['checkpoint', 'single file'],
    ...(hasLora ? ([['lora', 'LoRA']] as const) : []),
  ] as const;
  return (
    <fieldset className="run-downloads">
      <legend className="visually-hidden">Download the model {id}</legend>
      <span className="soft" aria-hidden="true">
        Model:
      </span>
      {forms.map(([form, text]) => (
        <button key={form} type="button" className="button small" onClick={() => onDownload(form)}>
          <span className="visually-hidden">Download {id} as </span>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
