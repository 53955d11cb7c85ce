/**
 * Pictures behind URLs, for responses with `response_format: url`. The pictures are kept in memory, for a limited time
 * and up to a total size.
 */
import { randomBytes } from 'node:crypto';

export interface KeptImages {
  /** Stores a file and returns its name, which cannot be guessed. */
  add(file: KeptImage): string;
  get(name: string): KeptImage | undefined;
}

export interface KeptImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** 'image/png' */
  readonly type: string;
}

/**
 * Creates the store. Files older than `ttlMs` are deleted, and so are the oldest files when all files together exceed
 * `maxBytes`.
 */
export function createKeptImages({
  ttlMs,
  maxBytes,
  nowMs = () => performance.now(),
}: {
  ttlMs: number;
  maxBytes: number;
  nowMs?: () => number;
}): KeptImages {
  // Files in order of age.
  const kept = new Map<string, KeptImage & { readonly untilMs: number }>();
  let bytes = 0;
  const forget = () => {
    for (const [name, image] of kept) {
      if (image.untilMs > nowMs() && bytes <= maxBytes) return;
      kept.delete(name);
      bytes -= image.bytes.length;
    }
  };
  return {
    add(file) {
      const name = randomBytes(16).toString('hex');
      kept.set(name, { ...file, untilMs: nowMs() + ttlMs });
      bytes += file.bytes.length;
      forget();
      return name;
    },
    get(name) {
      forget();
      return kept.get(name);
    },
  };
}
