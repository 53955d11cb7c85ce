/**
 * `npm run check:gpu`: what a machine with a GPU must show, in ten minutes. The check downloads nothing and says what
 * is missing. Each part has a time limit. Results are written to one JSON file; a second call goes on with the rest.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { findPeerPython } from '../../bench/python.ts';
import { showError } from '../../packages/heed/src/cli/show-error.ts';
import { formatTable } from '../../packages/heed/src/cli/table.ts';
import { DEVICE_NAMES } from '../../packages/heed/src/config/device-names.ts';
import { badInput } from '../../packages/heed/src/errors.ts';
import { type CheckOptions, partsOf } from './parts.ts';
import { type PartResult, runPart } from './run-part.ts';

const USAGE = `npm run check:gpu -- [--device D] [--size tiny|full] [--models FOLDER] [--minutes N] [--out FILE]
                     [--only PART]

Compares heed on a GPU with the processor and with PyTorch. Needs nothing but this repository and what it finds.

  --device D        ${DEVICE_NAMES.join(', ')} (default cuda)
  --size SIZE       tiny: the shipped models; full: Stable Diffusion 1.5 and CLIP ViT-L/14 as well (default full)
  --models FOLDER   those models, written by \`npx tsx tools/write-random-model.ts FOLDER\`; needed for full
  --minutes N       no part starts after that (default 10)
  --only PART       the parts whose name begins so
  --out FILE        the result (default check-gpu.json); parts that are done in it are not run again

HEED_BENCH_PYTHON names the Python of PyTorch's side (bench/README.md).
Exit codes: 0 all done, 1 a part failed, differs or is left, 2 bad input, 130 interrupted.`;

interface Saved {
  readonly options: CheckOptions;
  readonly machine: object;
  parts: PartResult[];
}

function parse(args: readonly string[]) {
  const { values } = (() => {
    try {
      return parseArgs({
        args: [...args],
        options: {
          help: { type: 'boolean', short: 'h', default: false },
          device: { type: 'string', default: 'cuda' },
          size: { type: 'string', default: 'full' },
          models: { type: 'string' },
          minutes: { type: 'string', default: '10' },
          only: { type: 'string', default: '' },
          out: { type: 'string', default: 'check-gpu.json' },
        },
      });
    } catch (error) {
      throw badInput((error as Error).message.split('. ')[0]!);
    }
  })();
  const device = DEVICE_NAMES.find((name) => name === values.device);
  if (device === undefined) throw badInput(`--device: expected ${DEVICE_NAMES.join(', ')}, got '${values.device}'`);
  const { size, models } = values;
  if (size !== 'tiny' && size !== 'full') throw badInput(`--size: expected tiny or full, got '${size}'`);
  if (size === 'full' && !values.help && !(models && existsSync(models))) {
    throw badInput(
      `--models: expected a folder that \`npx tsx tools/write-random-model.ts FOLDER\` wrote (or --size tiny), got ${models ?? 'none'}`,
    );
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw badInput(`--minutes: expected a positive number, got '${values.minutes}'`);
  const { help, out, only } = values;
  return { help, out, only, minutes, options: { device, size, models } satisfies CheckOptions };
}

/** The parts of an earlier call with the same options. */
function readSaved(path: string, options: CheckOptions): PartResult[] {
  if (!existsSync(path)) return [];
  const saved = JSON.parse(readFileSync(path, 'utf8')) as Saved;
  if (JSON.stringify(saved.options) === JSON.stringify(options)) return saved.parts;
  throw badInput(
    `--out: expected a new file or one of the same options, got ${path} of ${JSON.stringify(saved.options)}`,
  );
}

async function check(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { help, out, only, minutes, options } = parse(args);
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const end = performance.now() + minutes * 60_000;
  const parts = partsOf(options).filter(({ name }) => name.startsWith(only));
  if (parts.length === 0) throw badInput(`--only: expected the start of a part's name, got '${only}'`);
  const python = await findPeerPython();
  if ('missing' in python) console.error(python.missing);
  const saved: Saved = {
    options,
    machine: {
      date: new Date().toISOString().slice(0, 10),
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      peer: 'missing' in python ? python.missing : python.versions,
    },
    parts: readSaved(out, options).filter(({ state }) => state === 'done' || state === 'differs'),
  };
  const left: string[] = [];
  for (const part of parts) {
    if (saved.parts.some(({ name }) => name === part.name)) continue;
    if (performance.now() > end) {
      left.push(part.name);
      continue;
    }
    console.error(`${part.name}: at most ${part.limitSeconds} s`);
    const result = await runPart(part, { signal });
    signal.throwIfAborted();
    saved.parts.push(result);
    writeFileSync(`${out}.part`, `${JSON.stringify(saved, undefined, 2)}\n`);
    renameSync(`${out}.part`, out);
    console.error(`${part.name}: ${result.state} after ${result.seconds} s`);
    if (part.isRequired && result.state !== 'done') {
      console.log(String(result.report));
      return 1;
    }
  }
  console.log(describe(saved, left).join('\n'));
  return left.length === 0 && saved.parts.every(({ state }) => state === 'done') ? 0 : 1;
}

function describe({ parts }: Saved, left: readonly string[]): string[] {
  const rows = parts.flatMap(({ name, state, rows }) =>
    (rows.length > 0 ? rows : [{ what: name, heed: '-', peer: '-', ratio: '-' }]).map((row) => [
      ...[row.what, row.heed, row.peer, row.ratio],
      state,
    ]),
  );
  return [
    ...formatTable([['part', 'heed', 'PyTorch', 'ratio', 'state'], ...rows]),
    ...left.map((name) => `left for the next call: ${name}`),
  ];
}

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interruption.abort());
try {
  process.exitCode = await check(process.argv.slice(2), interruption.signal);
} catch (error) {
  process.exitCode = showError(error, { json: false });
}
