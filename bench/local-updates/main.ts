/**
 * `npx tsx bench/local-updates/main.ts PROJECT`: what training without an exchange every update costs in quality.
 * Two ranks tune the project's model on the same batches in every variant. Prints the tuning loss on other batches.
 * The shipped model has learned its data, so weights begin with noise: there is then something to learn again.
 */
import { parseArgs } from 'node:util';
import { createRandom, createTrainingStep, learningRateAt, type ParameterValues } from '@heed/diffusion/autodiff';
import { localCommunicators } from '../../packages/autodiff/src/distributed/testing/local-ranks.ts';
import { formatTable } from '../../packages/heed/src/cli/table.ts';
import { openProjectData, type ProjectData } from './project-data.ts';
import { createOuterStep, describeVariant, VARIANTS, type Variant } from './variants.ts';

const RANKS = 2;
/** Beyond any batch that is trained on. */
const FIRST_TEST_BATCH = 1_000_000;
const TEST_BATCHES = 24;
const NOISE = 0.1;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { updates: { type: 'string', default: '192' }, seeds: { type: 'string', default: '3' } },
});
if (positionals.length !== 1) throw new Error('expected one project folder, which has images and a reward');
const [updates, seeds] = [Number(values.updates), Number(values.seeds)];

const copyOf = (parameters: ParameterValues): ParameterValues =>
  new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));

/** Adds normal noise of a share of each tensor's own size (root mean square). */
function withNoise(parameters: ParameterValues, share: number): ParameterValues {
  const random = createRandom(1);
  const noisy = copyOf(parameters);
  for (const [name, { data }] of noisy) {
    const size = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
    const noise = random.fork(name).fillNormal(new Float32Array(data.length));
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + share * size * noise[i]!;
  }
  return noisy;
}

function createStep(data: ProjectData, parameters: ParameterValues, seed: number, communicator = {}) {
  const { weightDecay, maxGradientNorm } = data.options;
  return createTrainingStep({
    name: 'local updates',
    inputs: data.batchesOf(seed).specs,
    parameters,
    loss: data.loss,
    optimizer: { weightDecay, maxGradientNorm },
    threads: 1,
    ...communicator,
  });
}

/** Trains all ranks; returns the weights of rank 0 after a last exchange. */
async function train(data: ProjectData, variant: Variant, seed: number): Promise<ParameterValues> {
  const batches = data.batchesOf(seed);
  const weights = Array.from({ length: RANKS }, () => copyOf(data.parameters));
  const communicators = localCommunicators(RANKS);
  const steps = await Promise.all(
    weights.map((own, rank) =>
      createStep(data, own, seed, variant.kind === 'gradients' ? { communicator: communicators[rank] } : {}),
    ),
  );
  const outer = variant.kind === 'gradients' ? undefined : { ...variant, step: createOuterStep(variant, weights) };
  const { schedule, learningRate: base, warmupSteps } = data.options;
  for (let update = 0; update < updates; update++) {
    const learningRate = learningRateAt({ schedule, base, warmupSteps, totalSteps: updates }, update);
    await Promise.all(
      steps.map(async (step, rank) => step.step(await batches.at(RANKS * update + rank), { learningRate })),
    );
    if (outer && ((update + 1) % outer.updates === 0 || update + 1 === updates)) outer.step();
  }
  for (const step of steps) step.dispose();
  return weights[0]!;
}

/** The mean loss of the same test batches for every variant and seed. */
async function testLoss(data: ProjectData, parameters: ParameterValues): Promise<number> {
  const batches = data.batchesOf(0);
  const step = await createStep(data, copyOf(parameters), 0);
  let total = 0;
  for (let i = 0; i < TEST_BATCHES; i++) total += (await step.accumulate(await batches.at(FIRST_TEST_BATCH + i))).loss;
  step.dispose();
  return total / TEST_BATCHES;
}

const opened = await openProjectData(positionals[0]!);
const data = { ...opened, parameters: withNoise(opened.parameters, NOISE) };
try {
  const before = await testLoss(data, data.parameters);
  const shipped = await testLoss(data, opened.parameters);
  console.error(`test loss before: ${before}, without noise ${shipped}`);
  const losses = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
  for (let seed = 0; seed < seeds; seed++) {
    for (const [variant, own] of losses) {
      own.push(await testLoss(data, await train(data, variant, seed)));
      console.error(`seed ${seed}, ${describeVariant(variant)}: ${own.at(-1)}`);
    }
  }
  const reference = losses.get(VARIANTS[0]!)!;
  // How much of what tuning gains is lost: differences of losses alone say little, since most of a loss is noise.
  const lost = (own: readonly number[]) =>
    own.map((loss, i) => (100 * (loss - reference[i]!)) / (before - reference[i]!));
  const rows = VARIANTS.map((variant) => {
    const own = losses.get(variant)!;
    return [
      describeVariant(variant),
      ...[
        own.map((loss) => loss.toFixed(5)).join(', '),
        lost(own)
          .map((share) => share.toFixed(1))
          .join(', '),
      ],
    ];
  });
  console.log(
    `${updates} updates of ${RANKS} ranks, test loss before: ${before.toFixed(5)}, without noise ${shipped.toFixed(5)}\n`,
  );
  console.log(formatTable([['exchange', 'test loss by seed', 'share of the gain lost, %'], ...rows]).join('\n'));
} finally {
  await data.close();
}
