/** Why a query is skipped, if the rater wants to say so. */
import { useEffect, useRef } from 'react';
import { useTexts } from '../language/language.ts';
import { Dialog } from '../parts/dialog.tsx';
import { keyNames } from '../parts/key-names.ts';

export function SkipDialog({ onSkip, onClose }: { onSkip: (reason?: string) => void; onClose: () => void }) {
  const { skipDialog, common } = useTexts();
  // Stored in English, so that the owner can count them.
  const reasons = Object.entries(skipDialog.reasons);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <Dialog
      title={skipDialog.title}
      className="skip-dialog"
      onClose={onClose}
      onKey={({ nativeEvent }) => {
        const names = keyNames(nativeEvent);
        const reason = names.map((name) => reasons[Number(name) - 1]?.[0]).find((each) => each !== undefined);
        if (reason !== undefined) onSkip(reason);
        else if (names.includes('s')) onSkip();
      }}
    >
      <h2>{skipDialog.title}</h2>
      <p>{skipDialog.text}</p>
      <div className="stack">
        <button ref={first} type="button" className="button primary" onClick={() => onSkip()}>
          {skipDialog.withoutReason}
        </button>
        {reasons.map(([reason, text], i) => (
          <button key={reason} type="button" className="button" onClick={() => onSkip(reason)}>
            {text}
            <span className="key-hint" aria-hidden="true">
              {i + 1}
            </span>
          </button>
        ))}
        <button type="button" className="button quiet" onClick={onClose}>
          {common.back}
        </button>
      </div>
    </Dialog>
  );
}
