/** Asks before a run and its files are removed. */
import { Dialog } from '../parts/dialog.tsx';
import type { ProjectRun } from './runs-api.ts';

interface DeleteDialogProps {
  run: ProjectRun;
  onClose: () => void;
  onDelete: () => void;
}

export function DeleteDialog({ run: { id, hasModel }, onClose, onDelete }: DeleteDialogProps) {
  return (
    <Dialog title={`Delete ${id}`} onClose={onClose}>
      <h2>Delete {id}?</h2>
      <p>
        Its curves, samples and checkpoints are removed
        {hasModel && (
          <>
            , and the model <b>{id}</b>
          </>
        )}
        . This cannot be undone. Pictures and judgements stay.
      </p>
      <div className="row">
        <button type="button" className="button primary" onClick={onDelete}>
          Delete
        </button>
        <button type="button" className="button" onClick={onClose}>
          Keep
        </button>
      </div>
    </Dialog>
  );
}
