/** The frame of the owner's pages: a heading, and what to say while there is nothing to show. */
import type { ReactNode } from 'react';
import { SimulatedNote } from './simulated-note.tsx';

interface PageProps {
  title: string;
  problem?: string | undefined;
  isLoading?: boolean;
  /** The page shows figures that rest on judgements: where programs judged, it says so. */
  hasFigures?: boolean;
  children?: ReactNode;
}

export function Page({ title, problem, isLoading = false, hasFigures = false, children }: PageProps) {
  return (
    <main className="page" lang="en">
      <h1>{title}</h1>
      {problem !== undefined && (
        <p className="status-problem" role="alert">
          That did not work: {problem}.
        </p>
      )}
      {hasFigures && <SimulatedNote />}
      {isLoading && problem === undefined ? <p className="soft">Loading…</p> : children}
    </main>
  );
}

/** 0.4567 as '45.7 %'; a dash where nothing was measured. */
export function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;
}
