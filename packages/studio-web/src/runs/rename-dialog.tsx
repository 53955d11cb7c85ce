/** Asks for a run's new name. */
import type { FormEvent } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import type { ProjectRun } from './runs-api.ts';

interface RenameDialogProps {
  run: ProjectRun;
  onClose: () => void;
  onRename: (to: string) => void;
}

export function RenameDialog({ run, onClose, onRename }: RenameDialogProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onRename(String(new FormData(event.currentTarget).get('to')));
  };
  return (
    <Dialog title={`Rename ${run.id}`} onClose={onClose}>
      <h2>Rename {run.id}</h2>
      <p>The run and its model get the name. Pictures and evaluations that it made before keep the old one.</p>
      <form className="stack" onSubmit={submit}>
        <label className="labelled">
          New name
          <input
            className="field"
            name="to"
            defaultValue={run.id}
            required
            maxLength={64}
            pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
            title="Letters, digits, dots, dashes and underscores"
            autoComplete="off"
          />
        </label>
        <div className="row">
          <button type="submit" className="button primary">
            Rename
          </button>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
