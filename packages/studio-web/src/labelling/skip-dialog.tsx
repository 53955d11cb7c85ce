/** Why a query is skipped, if the rater wants to say so. */
import { useEffect, useRef } from 'react';
import { Dialog } from '../parts/dialog.tsx';

const REASONS = ["I can't tell", 'An image is broken', 'The prompt makes no sense', 'I would rather not see this'];

export function SkipDialog({ onSkip, onClose }: { onSkip: (reason?: string) => void; onClose: () => void }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <Dialog
      title="Skip this one"
      className="skip-dialog"
      onClose={onClose}
      onKey={({ key }) => {
        const reason = REASONS[Number(key) - 1];
        if (reason !== undefined) onSkip(reason);
        if (key === 's') onSkip();
      }}
    >
      <h2>Skip this one</h2>
      <p>It goes to somebody else. If you like, say why.</p>
      <div className="stack">
        <button ref={first} type="button" className="button primary" onClick={() => onSkip()}>
          Skip without a reason
        </button>
        {REASONS.map((reason, i) => (
          <button key={reason} type="button" className="button" onClick={() => onSkip(reason)}>
            {reason}
            <span className="key-hint" aria-hidden="true">
              {i + 1}
            </span>
          </button>
        ))}
        <button type="button" className="button quiet" onClick={onClose}>
          Back
        </button>
      </div>
    </Dialog>
  );
}
