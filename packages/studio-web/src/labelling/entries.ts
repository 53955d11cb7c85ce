/** What labelling sends to the server: answers, and taking them back. */
import { api, read } from '../api/client.ts';

export interface AnswerEntry {
  kind: 'answer';
  id: string;
  query: string;
  /** null skips. */
  labels: ('good' | 'bad')[] | null;
  reason?: string;
  seconds?: number;
}

export interface RetractEntry {
  kind: 'retract';
  id: string;
}

export type LabellingEntry = AnswerEntry | RetractEntry;

export function sendEntry(entry: LabellingEntry): Promise<unknown> {
  if (entry.kind === 'retract') {
    return read(api.labelling.answers[':id'].retract.$post({ param: { id: entry.id } }));
  }
  const { kind: _, ...json } = entry;
  return read(api.labelling.answers.$post({ json }));
}
