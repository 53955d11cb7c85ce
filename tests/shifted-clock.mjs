// Preloaded into a process of heed (NODE_OPTIONS=--import): its clock, as JavaScript and PGlite see it, is off by as
// many milliseconds as HEED_TEST_CLOCK_FILE says, and is set again at each SIGUSR2. What it was set to is written
// beside. The monotonic clock is left alone, as it is where somebody sets the clock of a machine.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const path = process.env.HEED_TEST_CLOCK_FILE;

if (isMainThread && path !== undefined) {
  const TrueDate = Date;
  let offsetMs = 0;
  const set = () => {
    offsetMs = Number(readFileSync(path, 'utf8'));
    writeFileSync(`${path}.set`, String(offsetMs));
  };
  const now = () => TrueDate.now() + offsetMs;
  globalThis.Date = class extends TrueDate {
    constructor(...args) {
      if (args.length === 0) super(now());
      else super(...args);
    }
    static now() {
      return now();
    }
  };
  set();
  process.on('SIGUSR2', set);
}
