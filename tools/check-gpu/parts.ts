/** The parts of `npm run check:gpu`: commands of this repository, each with a time limit. */
import type { Device } from '@heed/diffusion/autodiff';

export interface CheckOptions {
  readonly device: Device;
  readonly size: 'tiny' | 'full';
  /** Folder with models of true size. */
  readonly models: string | undefined;
}

export interface Part {
  readonly name: string;
  /** What is run: node's arguments. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly limitSeconds: number;
  /** How its standard output is read. */
  readonly output: 'text' | 'bench' | 'tests';
  /** A later part has no sense where this one fails. */
  readonly isRequired?: boolean;
}

type Form = 'float32' | 'float16' | 'float16-compiled';

/** A processor tries the commands rather than measures, and may have other work. */
const PROCESSOR_LIMIT_TIMES = 5;

/** All parts, the most telling first. */
export function partsOf(options: CheckOptions): Part[] {
  const times = options.device === 'cpu' ? PROCESSOR_LIMIT_TIMES : 1;
  return allParts(options).map((part) => ({ ...part, limitSeconds: part.limitSeconds * times }));
}

function allParts({ device, size, models }: CheckOptions): Part[] {
  const captures = device === 'cuda' ? [false, true] : [false];
  const bench = (what: string, args: readonly string[], limitSeconds: number) => (form: Form, captured: boolean) => {
    const precision = form === 'float32' ? 'float32' : 'float16';
    return {
      name: `${what}, ${form}${captured ? ', captured' : ''}`,
      args: [
        ...['--import', 'tsx', 'bench/main.ts', '--json', '--device', device, '--precision', precision],
        ...['--peer', form, ...(captured ? ['--capture-graph'] : []), ...args],
      ],
      limitSeconds,
      output: 'bench',
    } satisfies Part;
  };
  const tinyStep = bench('tiny step', ['--only', 'training-step', '--rounds', '3'], 120);
  const tinyRest = bench('tiny images and CLIP', ['--only', 'sampling,clip-embedding', '--rounds', '2'], 120);
  const compiled = device === 'cpu' ? [] : (['float16-compiled'] as const);
  const tiny = [
    ...captures.flatMap((captured) => [tinyStep('float32', captured), tinyStep('float16', captured)]),
    tinyRest('float16', false),
    ...compiled.flatMap((form) => [tinyStep(form, false), tinyRest(form, false)]),
  ];
  return [
    {
      name: 'device',
      args: ['--import', 'tsx', 'packages/heed/src/cli/main.ts', 'doctor', '--device', device],
      limitSeconds: 60,
      output: 'text',
      isRequired: true,
    },
    {
      name: 'op table and updates beside the processor',
      args: ['node_modules/vitest/vitest.mjs', 'run', 'tests/cuda.test.ts', '--reporter=json'],
      environment: { HEED_TEST_CUDA: '1', HEED_TEST_DEVICE: device },
      limitSeconds: 180,
      output: 'tests',
    },
    ...tiny,
    ...(size === 'full' ? fullParts(bench, { captures, compiled, models: models! }) : []),
  ];
}

function fullParts(
  bench: (what: string, args: readonly string[], limitSeconds: number) => (form: Form, captured: boolean) => Part,
  { captures, compiled, models }: { captures: readonly boolean[]; compiled: readonly Form[]; models: string },
): Part[] {
  const full = (only: string, ...more: string[]) => ['--full-size', models, '--only', only, '--rounds', '2', ...more];
  const all = bench('Stable Diffusion 1.5, all weights, batch 8', full('full', '--batch', '8'), 240);
  const lora = bench('Stable Diffusion 1.5, LoRA, batch 8', full('lora', '--batch', '8'), 180);
  const image = bench('image of 512 px', full('image'), 120);
  const clip = bench('CLIP ViT-L/14', full('embeddings'), 90);
  return [
    ...captures.map((captured) => all('float16', captured)),
    lora('float16', false),
    image('float16', false),
    clip('float16', false),
    ...compiled.flatMap((form) => [all(form, false), lora(form, false), image(form, false), clip(form, false)]),
  ];
}
