/** A modal dialog: the browser's own, which keeps the focus inside and closes on Escape. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';

interface DialogProps {
  title: string;
  className?: string;
  onClose: () => void;
  /** A key was pressed inside; what it gets never reaches the page behind. */
  onKey?: (event: KeyboardEvent<HTMLDialogElement>) => void;
  children: ReactNode;
}

/** Open as long as it is rendered. */
export function Dialog({ title, className = '', onClose, onKey, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    // The button that has the focus may be the last thing of a long dialog: reading begins at its top.
    if (dialog) dialog.scrollTop = 0;
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={`dialog ${className}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        onKey?.(event);
      }}
    >
      {children}
    </dialog>
  );
}
