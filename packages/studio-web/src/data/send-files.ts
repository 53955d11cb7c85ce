/** Uploads chosen files to the studio one at a time and then imports them together. */
import { ApiError, api, read } from '../api/client.ts';
import { sessionHeaders } from '../session/session-key.ts';

/** The import that the studio runs after all files are uploaded. */
export type Taking =
  | { readonly what: 'images'; readonly set?: string }
  | { readonly what: 'feedback'; readonly rater?: string };

/** The name by which the list of images refers to the file: the file's path inside the chosen folder. */
export function listedName(file: File): string {
  return file.webkitRelativePath === '' ? file.name : file.webkitRelativePath.split('/').slice(1).join('/');
}

const ASK_AGAIN_MS = 3000;

export interface SendOptions {
  /** Called after each file, with the number of files uploaded so far. */
  readonly onProgress: (done: number) => void;
  /** Called with the reason why the import waits, such as another running command. */
  readonly onWait: (reason: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Resolves with a text that describes the result of the import. After a failure or an abort, none of the files is
 * imported.
 */
export async function sendFiles(files: readonly File[], taking: Taking, options: SendOptions): Promise<string> {
  const { onProgress, signal } = options;
  const { id } = await read(api.data.uploads.$post());
  let isSent = false;
  try {
    for (const [i, file] of files.entries()) {
      signal.throwIfAborted();
      await sendFile(id, file);
      onProgress(i + 1);
    }
    isSent = true;
    return toldOf(await takeIn(id, taking, options));
  } catch (error) {
    // What the studio refused to take in is gone from there.
    const isGone = isSent && error instanceof ApiError && error.isOfStudio;
    if (!isGone) await api.data.uploads[':id'].discard.$post({ param: { id } }).catch(() => undefined);
    throw error;
  }
}

/** Starts the import; while another command runs, the request is repeated until the import can start. */
async function takeIn(id: string, taking: Taking, { onWait, signal }: SendOptions) {
  while (true) {
    signal.throwIfAborted();
    try {
      return await read(api.data.uploads[':id'].import.$post({ param: { id }, json: taking }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503) throw error;
      onWait(error.message);
    }
    await new Promise<void>((resolve) => {
      setTimeout(resolve, ASK_AGAIN_MS);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

function toldOf(result: Awaited<ReturnType<typeof takeIn>>): string {
  if (result.what === 'feedback') {
    return [
      `${result.added} judgements taken over, ${result.unchanged} known already, ${result.withoutLabel} without a label.`,
      ...result.notes.map((note) => `${note}.`),
    ].join('\n');
  }
  const { added, unchanged, quarantined, notes } = result;
  const left = quarantined.map(
    ({ file, line, reason }) => `${file}${line === undefined ? '' : ` (line ${line})`}: ${reason}`,
  );
  return [
    `${added} images taken in, ${unchanged} known already, ${quarantined.length} left out.`,
    ...notes.map((note) => `${note}.`),
    ...left.map((reason) => `Left out ${reason}.`),
  ].join('\n');
}

/** Uploads one file with `fetch`, because the typed client supports only JSON bodies. */
async function sendFile(id: string, file: File): Promise<void> {
  const address = `/api/data/uploads/${encodeURIComponent(id)}/files?name=${encodeURIComponent(listedName(file))}`;
  const response = await fetch(address, { method: 'PUT', body: file, headers: sessionHeaders() }).catch(() => {
    throw new ApiError(0, 'the studio does not answer');
  });
  if (response.ok) return;
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  throw new ApiError(response.status, body.error ?? `status ${response.status}`);
}
