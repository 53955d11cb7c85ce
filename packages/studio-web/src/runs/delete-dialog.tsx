/** Asks before a run and its files are removed. */
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import type { ProjectRun } from './runs-api.ts';

interface DeleteDialogProps {
  run: ProjectRun;
  onClose: () => void;
  onDelete: () => void;
}

export function DeleteDialog({ run: { id, hasModel }, onClose, onDelete }: DeleteDialogProps) {
  return (
    <ConfirmDialog
      title={`Delete ${id}`}
      heading={`Delete ${id}?`}
      action="Delete"
      onConfirm={onDelete}
      onClose={onClose}
    >
      Its curves, samples and checkpoints are removed
      {hasModel && (
        <>
          , and the model <b>{id}</b>
        </>
      )}
      . This cannot be undone. Pictures and judgements stay.
    </ConfirmDialog>
  );
}
