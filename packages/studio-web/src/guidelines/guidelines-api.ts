/**
 * The requests for the raters' guidelines, and the type of the server's response. Responses are cast to this type,
 * because Hono's client types do not support recursive types.
 */
import type { ShownBlock } from '@heed/studio-api';
import { api, raterRequest, read } from '../api/client.ts';

export interface LoadedGuidelines {
  readonly blocks: readonly ShownBlock[];
  /** Changes with the text. */
  readonly version: string;
}

export async function loadGuidelines(): Promise<LoadedGuidelines> {
  const { blocks, version } = await read(api.guidelines.$get({}, raterRequest()));
  return { blocks: blocks as readonly ShownBlock[], version };
}

/** Asks the server to parse a text of guidelines into the blocks that raters would see. */
export async function previewGuidelines(text: string): Promise<readonly ShownBlock[]> {
  const { blocks } = await read(api.guidelines.preview.$post({ json: { text } }));
  return blocks as readonly ShownBlock[];
}
