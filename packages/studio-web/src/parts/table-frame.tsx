/** A table that may be wider than the page: it scrolls in its frame, by keyboard as well. */
import type { ReactNode } from 'react';

/** `label`: what the table holds, for screen readers. */
export function TableFrame({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: people without a mouse must be able to scroll it
    <section className="table-frame" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
