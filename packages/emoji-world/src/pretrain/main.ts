// The command line of pre-training: npm run pretrain -- [stage] [--hours H | --steps N] [--threads T] [--seed S].
// Without a stage it runs all of them in order. An interrupt saves and exits with 130, bad input exits with 2.
import { parseArgs } from 'node:util';
import { InputError } from '@heed/diffusion/errors';
import type { Horizon } from './horizon.ts';
import { restoreShipped } from './shipped-weights.ts';
import type { StageName } from './stage.ts';
import { PRETRAIN_FOLDER, STAGE_NAMES } from './stage.ts';
import { STAGES } from './stages.ts';

const USAGE = `npm run pretrain -- [stage] [--hours H | --steps N] [--threads T] [--seed S]

stages, in order: ${STAGE_NAMES.join(' ')} (all of them when none is named)
  --hours H    train the stage for H hours in all, over all its starts
  --steps N    train the stage for N updates in all; latents: scenes, measure: images a prompt
  --threads T  native threads (default 2)
  --seed S     seed of data and weights (default 0)
  --guidance G guidance scale of measure (default 5)
  --from-shipped  where no stage has left its own, begin with the shipped weights and tokenizer

Every stage continues where it was stopped; a longer horizon continues a finished one.`;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function positive(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : fail(`--${name} must be a number above 0, not '${text}'`);
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        hours: { type: 'string' },
        steps: { type: 'string' },
        threads: { type: 'string' },
        seed: { type: 'string' },
        guidance: { type: 'string' },
        'from-shipped': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { values, positionals } = parse();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const named = positionals[0];
if (named !== undefined && !STAGE_NAMES.includes(named as StageName)) {
  fail(`stage must be one of ${STAGE_NAMES.join(', ')}, not '${named}'`);
}
const hours = positive(values.hours, 'hours');
const steps = positive(values.steps, 'steps');
if (hours !== undefined && steps !== undefined) fail('only one of --hours and --steps may be given, not both');
if (named === undefined && (hours ?? steps) !== undefined) fail('--hours and --steps need a stage, none was named');
const guidanceScale = positive(values.guidance, 'guidance');
const horizon: Horizon | undefined = hours !== undefined ? { hours } : steps !== undefined ? { steps } : undefined;

try {
  if (values['from-shipped']) await restoreShipped({ root: PRETRAIN_FOLDER });
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interruption.signal.aborted) process.exit(130);
      console.log('interrupted: saving after this step (once more to stop at once)');
      interruption.abort();
    });
  }

  for (const stage of named === undefined ? STAGE_NAMES : [named as StageName]) {
    const run = await STAGES[stage]();
    const { finished } = await run({
      root: PRETRAIN_FOLDER,
      seed: Number(values.seed ?? 0),
      ...(horizon === undefined ? {} : { horizon }),
      ...(guidanceScale === undefined ? {} : { guidanceScale }),
      ...(values['from-shipped'] ? { fromShipped: true } : {}),
      threads: positive(values.threads, 'threads') ?? 2,
      signal: interruption.signal,
      print: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
    });
    if (!finished) process.exit(130);
  }
} catch (error) {
  if (error instanceof InputError) fail(error.message);
  throw error;
}
