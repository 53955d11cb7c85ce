/** Pictures behind addresses, for answers with `response_format: url`: in memory, for a limited time and size. */
import { randomBytes } from 'node:crypto';

export interface KeptImages {
  /** Keeps a file and returns its name, which is not to be guessed. */
  add(file: KeptImage): string;
  get(name: string): KeptImage | undefined;
}

export interface KeptImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** 'image/png' */
  readonly type: string;
}

/** What is older than `ttlMs`, and the oldest beyond `maxBytes` in all, is forgotten. */
export function createKeptImages({
  ttlMs,
  maxBytes,
  nowMs = () => performance.now(),
}: {
  ttlMs: number;
  maxBytes: number;
  nowMs?: () => number;
}): KeptImages {
  // In the order of their age.
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
