/** The requests of labelling: answers and retractions. */
import { api, raterRequest, read } from '../api/client.ts';

export interface AnswerEntry {
  kind: 'answer';
  id: string;
  query: string;
  /** Labels; null skips the query. */
  labels: ('good' | 'bad')[] | null;
  reason?: string;
  seconds?: number;
}

export interface RetractEntry {
  kind: 'retract';
  id: string;
  /** The page that shows the query again; absent in entries of older pages. */
  page?: string;
}

export type LabellingEntry = AnswerEntry | RetractEntry;

/** The right answer, image by image. */
export interface PracticeFeedback {
  images: readonly { given: 'good' | 'bad' | 'skip'; expected: 'good' | 'bad'; why?: string | undefined }[];
}

/** The server's response to an accepted entry. */
export interface Acknowledged {
  tooFast?: boolean | undefined;
  practice?: PracticeFeedback | undefined;
}

/** Sends an entry for the session in which it was made, even if the tab has another session now. */
export async function sendEntry(entry: LabellingEntry, session: string): Promise<Acknowledged> {
  const request = raterRequest(session);
  if (entry.kind === 'retract') {
    return read(
      api.labelling.answers[':id'].retract.$post({ param: { id: entry.id }, query: { page: entry.page } }, request),
    );
  }
  const { kind: _, ...json } = entry;
  return read(api.labelling.answers.$post({ json }, request));
}
