/**
 * The project's secret, which is created when the studio first starts, and which is used for signatures and hidden ids.
 * There is no default secret.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../../errors.ts';

const SECRET_BYTES = 32;
const TAG_BYTES = 16;

export interface Secret {
  /**
   * Computes a 128-bit tag (a keyed hash) of `text`, in URL-safe characters. Different purposes give different tags.
   */
  tag(purpose: string, text: string): string;
  /** Whether `tag` is the tag of `text`, in constant time. */
  verify(purpose: string, text: string, tag: string): boolean;
}

/** Reads the file `secret` in `folder`, or creates the file so that only its owner can read it. */
export async function loadSecret(folder: string): Promise<Secret> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'secret');
  const text = (await readIfThere(path)) ?? (await makeSecret(path));
  const key = Buffer.from(text.trim(), 'hex');
  if (key.length !== SECRET_BYTES) throw badInput(`${path}: expected ${2 * SECRET_BYTES} hex digits, got others`);
  const tag = (purpose: string, content: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([purpose, content]))
      .digest()
      .subarray(0, TAG_BYTES)
      .toString('base64url');
  return {
    tag,
    verify: (purpose, content, given) => equalText(tag(purpose, content), given),
  };
}

/** A random token of 256 bits in URL-safe text. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The hash that is stored instead of a token. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares two texts in constant time. */
export function equalText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left!, right!);
}

async function makeSecret(path: string): Promise<string> {
  // Two concurrent starts must end up with one secret.
  await writeFileAtomically(path, randomBytes(SECRET_BYTES).toString('hex'), { mode: 0o600, replace: false });
  return readFile(path, 'utf8');
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
