/** The project's secret, made at its first start, and what is signed or hidden with it. There is no default secret. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../../errors.ts';

const SECRET_BYTES = 32;
const TAG_BYTES = 16;

export interface Secret {
  /** A tag of 128 bits in URL-safe text; the same text gives different tags for different purposes. */
  tag(purpose: string, text: string): string;
  /** True where `tag` is the one of `text`; takes as long for any wrong one. */
  verify(purpose: string, text: string, tag: string): boolean;
}

/** Reads `secret` in `folder`, or makes it, readable by its owner alone. */
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

/** What is stored in place of a token. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares without telling by its time where two texts differ. */
export function equalText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left!, right!);
}

async function makeSecret(path: string): Promise<string> {
  // Two starts at once must end up with one secret.
  await writeFileAtomically(path, randomBytes(SECRET_BYTES).toString('hex'), { mode: 0o600, replace: false });
  return readFile(path, 'utf8');
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
