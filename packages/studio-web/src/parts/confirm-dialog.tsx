/** Asks before something that cannot be undone. */
import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';

interface ConfirmDialogProps {
  /** 'Delete the run'. */
  title: string;
  /** The question. */
  heading: ReactNode;
  /** What follows from it. */
  children: ReactNode;
  /** The name of the button that does it. */
  action: string;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog({ title, heading, children, action, onConfirm, onClose }: ConfirmDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <h2>{heading}</h2>
      <p>{children}</p>
      <div className="row">
        <button type="button" className="button primary" onClick={onConfirm}>
          {action}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Keep
        </button>
      </div>
    </Dialog>
  );
}
