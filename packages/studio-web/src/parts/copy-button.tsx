/** Copies a text and says so; where the browser does not copy, it says what to do instead. */
import { type RefObject, useEffect, useState } from 'react';
import { copyText } from './copy-text.ts';

interface CopyButtonProps {
  text: string;
  label: string;
  /** For screen readers: what is copied. */
  about?: string;
  said: { copied: string; byHand: string };
  /** Selected where the browser does not copy. */
  field?: RefObject<HTMLInputElement | null>;
}

const SHOWN_MS = 4000;

export function CopyButton({ text, label, about, said, field }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'byHand'>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    const isCopied = await copyText(text);
    if (!isCopied) field?.current?.select();
    setOutcome(isCopied ? 'copied' : 'byHand');
  };
  return (
    <>
      <button type="button" className="button small" onClick={() => void copy()}>
        {label}
        {about !== undefined && <span className="visually-hidden"> {about}</span>}
      </button>
      <span className="soft copy-outcome" role="status">
        {outcome !== undefined && said[outcome]}
      </span>
    </>
  );
}
