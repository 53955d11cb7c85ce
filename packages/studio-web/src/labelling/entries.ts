/** The rater's actions on the labelling page that are sent to the server: answers, and retractions of answers. */
import { api, raterRequest, read } from '../api/client.ts';

export interface AnswerEntry {
  kind: 'answer';
  id: string;
  query: string;
  /** One label for each image; null means that the rater skipped the query. */
  labels: ('good' | 'bad')[] | null;
  reason?: string;
  seconds?: number;
}

export interface RetractEntry {
  kind: 'retract';
  id: string;
  /**
   * Id of the page that shows the query again after the retraction; missing in entries that an older version of the
   * page stored.
   */
  page?: string;
}

export type LabellingEntry = AnswerEntry | RetractEntry;

/** For each image of a practice query, the rater's answer, the expected answer, and the explanation. */
export interface PracticeFeedback {
  images: readonly { given: 'good' | 'bad' | 'skip'; expected: 'good' | 'bad'; why?: string | undefined }[];
}

/** The server's response to an answer or retraction that it accepted. */
export interface Acknowledged {
  tooFast?: boolean | undefined;
  practice?: PracticeFeedback | undefined;
}

/** Sends an action of the rater under the session in which it was made, even if the tab uses another session now. */
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
