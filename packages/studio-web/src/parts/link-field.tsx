/** A link to be copied: shown whole, selected at a touch, with a button. */
import { useRef } from 'react';
import { CopyButton } from './copy-button.tsx';

interface LinkFieldProps {
  link: string;
  label: string;
  className?: string;
  copy: { label: string; copied: string; byHand: string };
}

export function LinkField({ link, label, className = 'link', copy }: LinkFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={field}
        className={`field ${className}`}
        aria-label={label}
        readOnly
        value={link}
        onFocus={(event) => event.target.select()}
      />
      <CopyButton text={link} label={copy.label} about={label} said={copy} field={field} />
    </>
  );
}
