/**
 * Parses names of models on the Hugging Face hub: `org/name`, `org/name@revision`, `org/name/file.safetensors`. Sends
 * no request.
 */

export interface HubId {
  /** `org/name` */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** One file of the repository: a single-file checkpoint. */
  readonly file: string | undefined;
}

const PART = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?';
const ID = new RegExp(
  `^(${PART}/${PART})((?:/[A-Za-z0-9][A-Za-z0-9._-]*)*/[A-Za-z0-9][A-Za-z0-9._-]*\\.(?:safetensors|ckpt|bin|pth?))?(?:@([A-Za-z0-9][A-Za-z0-9._/-]{0,200}))?$`,
);

/** Parses `text`; undefined when the text cannot be a hub id, for example a path that begins with . or /. */
export function parseHubId(text: string): HubId | undefined {
  const match = ID.exec(text);
  if (match === null || /--|\.\.|\.git$/.test(match[1]!) || match[3]?.includes('..')) return undefined;
  return { repo: match[1]!, revision: match[3] ?? 'main', file: match[2]?.slice(1) };
}
