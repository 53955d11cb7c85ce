/** What labelling sends to the server: answers, and taking them back. */
import { api, read } from '../api/client.ts';
import { sessionHeaders } from '../session/session-key.ts';

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
  /** The page that shows the query again. Absent from what older pages kept. */
  page?: string;
}

export type LabellingEntry = AnswerEntry | RetractEntry;

/** What would have been right, image by image. */
export interface PracticeFeedback {
  images: readonly { given: 'good' | 'bad' | 'skip'; expected: 'good' | 'bad'; why?: string | undefined }[];
}

/** What the server says to an entry that it took. */
export interface Acknowledged {
  tooFast?: boolean | undefined;
  practice?: PracticeFeedback | undefined;
}

/** Always for the session that the entry was made in, whatever the tab does meanwhile. */
export async function sendEntry(entry: LabellingEntry, session: string): Promise<Acknowledged> {
  const headers = { headers: sessionHeaders(session) };
  if (entry.kind === 'retract') {
    return read(
      api.labelling.answers[':id'].retract.$post({ param: { id: entry.id }, query: { page: entry.page } }, headers),
    );
  }
  const { kind: _, ...json } = entry;
  return read(api.labelling.answers.$post({ json }, headers));
}
