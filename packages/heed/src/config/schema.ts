/**
 * Every key of heed.toml with its type, default and description. The commented file that `heed init` writes, the JSON
 * Schema and the checks are all derived from this schema. Nothing here reads files.
 */
import { z } from 'zod';
import { BUILT_IN_MODEL, WORLD_PRETRAINING } from '../parts.ts';
import { DEVICE_SETTINGS } from './device-names.ts';
import { DEFAULT_METHOD, METHOD_NAMES, METHOD_SECTIONS } from './tuning-methods.ts';

export { BUILT_IN_MODEL, WORLD_PRETRAINING };

/** Setting value for the paper's 2,774 training prompts, instead of a file. */
export const PAPER_PROMPTS = 'paper';
/** Setting value for the prompts that the training list holds out, instead of a file. */
export const HELD_OUT_PROMPTS = 'held-out';
/** Setting value for the 120 prompts of the paper's table 4, instead of a file. */
export const PAPER_EVALUATION_PROMPTS = 'paper-evaluation';

const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(min).max(max);
const positive = () => z.number().gt(0);
const text = () => z.string().min(1);
const share = () => z.number().min(0).max(0.5);

const model = z.strictObject({
  path: text()
    .default(BUILT_IN_MODEL)
    .describe(
      `The model to align: '${BUILT_IN_MODEL}' is the tiny one that comes with heed, anything else a diffusers folder, a Stable Diffusion 1.x checkpoint (.safetensors, .ckpt), or the id of a model on the Hugging Face hub (org/name).`,
    ),
  clip: text()
    .default(BUILT_IN_MODEL)
    .describe(
      `The CLIP that the reward sees with: '${BUILT_IN_MODEL}', a transformers CLIPModel folder, or the id of one on the hub (openai/clip-vit-large-patch14).`,
    ),
  ema: z
    .boolean()
    .default(false)
    .describe(
      'Of a checkpoint file that holds two copies of the U-Net, take the moving average (EMA, model_ema.*); as diffusers does, the default takes the other.',
    ),
  size: whole(0, 8192)
    .default(0)
    .describe(
      "Width and height of the model's pictures in pixels; 0 takes what its files say, or else 64 latents: 512 pixels with the VAE of Stable Diffusion.",
    ),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dots, dashes and underscores')
    .default('base')
    .describe('What images and feedback call the model.'),
});

const generate = z.strictObject({
  prompts: text()
    .default(PAPER_PROMPTS)
    .describe(
      `Prompts to draw: '${PAPER_PROMPTS}' is the paper's 2,774, anything else a .txt, .csv or .jsonl file of your own; a column holdout or split (train, test) says what is kept for evaluation.`,
    ),
  promptLimit: whole(0)
    .default(0)
    .describe('Use only this many prompts, drawn evenly from all categories; 0 uses all.'),
  imagesPerPrompt: whole(0, 10_000)
    .default(0)
    .describe('Images a prompt; 0 takes the numbers of the paper (60 count, 60 colour, 30 background, 6 combination).'),
});

/** The kinds of questions about the images of a query. */
const LABEL_KINDS = ['good-bad', 'best', 'pair'] as const;

const label = z.strictObject({
  kind: z
    .enum(LABEL_KINDS)
    .default('good-bad')
    .describe(
      "What people are asked of the images of a query: 'good-bad' judges each, 'best' picks the best of them, 'pair' shows two and asks which is better. Choose before the first answer.",
    ),
  imagesPerQuery: whole(1, 100).default(3).describe('Images of one prompt shown together.'),
  ratersPerQuery: whole(1, 1000)
    .default(2)
    .describe('How many people answer each query in the studio before it is done; the paper has two.'),
  simulatedRaters: whole(1, 1000)
    .default(2)
    .describe('How many simulated raters answer each query with `label --simulate`.'),
  practiceQueries: whole(0, 100)
    .default(3)
    .describe('How many of the queries with a known answer each rater begins with, told the answer afterwards.'),
  goldShare: share()
    .default(0.1)
    .describe("Share of a rater's queries whose answer is known, mixed in without a word to measure the rater."),
  repeatShare: share()
    .default(0.05)
    .describe("Share of a rater's queries that the rater has answered before, mixed in without a word."),
  minAnswerMs: whole(0, 60_000)
    .default(300)
    .describe(
      'Answers that come sooner, in milliseconds after the images were shown, are kept and marked as too fast.',
    ),
  queriesPerRater: whole(0)
    .default(0)
    .describe('After this many queries a rater is done and sees the completion code; 0 asks as long as there are any.'),
  completionCode: z
    .string()
    .max(100)
    .default('')
    .describe(
      'What a rater who is done is shown, to be paid for instance; without one the studio makes a random code.',
    ),
  completionUrl: z
    .string()
    .max(500)
    .default('')
    .describe(
      'Where raters go back to when they are done, with {code} for the code: https://app.prolific.com/submissions/complete?cc={code}.',
    ),
});

const studio = z.strictObject({
  comparisonRaters: whole(1, 1000)
    .default(3)
    .describe(
      'How many people answer each query of a blind comparison, unless the page says otherwise; the paper has 9.',
    ),
  minComparisonMs: whole(0, 600_000)
    .default(1000)
    .describe('Comparisons that are answered sooner, in milliseconds, count as too fast: raters with many are marked.'),
  waitMinutes: z
    .number()
    .min(0)
    .max(1440)
    .default(5)
    .describe('A rater for whom nothing is free is shown the completion code after waiting this long.'),
  trustedProxies: z
    .array(text())
    .default([])
    .describe(
      'Addresses or networks ("10.0.0.0/8") of proxies before the studio: what they write into X-Forwarded-For counts as the client.',
    ),
  jobLeaseSeconds: whole(10, 3600)
    .default(60)
    .describe('Seconds without a sign of life after which the job of a `heed worker` goes to another.'),
});

const reward = z.strictObject({
  perturbations: whole(1, 1000)
    .default(10)
    .describe('Changed prompts beside the original in the auxiliary task (N; the paper does not print it).'),
  temperature: positive().default(2).describe('Temperature T of the softmax over those prompts.'),
  lambda: z.number().min(0).default(0.5).describe('Weight of the auxiliary task; 0 leaves it out.'),
  pairWeight: positive()
    .default(1)
    .describe('Weight of what is learned from preferences (which image is better) beside good and bad.'),
  hidden: whole(1, 65_536).default(1024).describe('Units of each of the two hidden layers.'),
  epochs: whole(1).default(60).describe('Passes over the training pairs at most.'),
  patience: whole(1).default(8).describe('Passes without a better validation loss before training stops.'),
  members: whole(1, 16)
    .default(1)
    .describe('Networks that are trained from different seeds; the reward is their mean, and their spread its doubt.'),
  textNorm: z
    .enum(['off', 'alone', 'product'])
    .default('off')
    .describe(
      "TextNorm: 'alone' scores by how much better an image fits its prompt than changed prompts, 'product' multiplies that with the reward.",
    ),
  roundDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'Weight of a label or preference of one round relative to one of the next: below 1, newer rounds count more.',
    ),
  batchSize: whole(1).default(64).describe('Pairs a training step.'),
  learningRate: positive().default(3e-4).describe('Learning rate of AdamW.'),
  weightDecay: z.number().min(0).default(1e-2).describe('Decoupled weight decay of AdamW.'),
  testShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.15)
    .describe(
      'Share of the labelled images held out to test the reward; evaluation images that were judged always do.',
    ),
});

const tune = z.strictObject({
  method: z
    .enum(METHOD_NAMES)
    .default(DEFAULT_METHOD)
    .describe('How the model learns from feedback; docs/methods.md compares the methods.'),
  rounds: z
    .enum(['own', 'all'])
    .default('own')
    .describe(
      "Whose images are learned from: 'own' takes those that the model to tune drew, as in the paper, 'all' those of every round.",
    ),
  beta: z
    .number()
    .min(0)
    .default(1)
    .describe(
      'Weight of the pre-training loss in equation 2 (the paper does not print it). Other methods have a pretrainingWeight.',
    ),
  modelRewardPower: z
    .number()
    .min(0)
    .max(64)
    .default(0)
    .describe(
      'Images of the model are drawn in proportion to r^modelRewardPower, r being their learned reward; 0 draws all alike and weighs each by r, as equation 2 of the paper has it.',
    ),
  pretrainingRewardPower: z
    .number()
    .min(0)
    .max(64)
    .default(0)
    .describe(
      'Pre-training pairs are drawn in proportion to r^pretrainingRewardPower: the reward sorts out captions that do not fit their picture. 0 draws all alike, as in the paper.',
    ),
  modelTimestepsFrom: whole(0, 999)
    .default(0)
    .describe(
      'Lowest timestep (of 1,000) that images of the model are noised to: what is drawn is decided in the noise, while details should be learned from real pictures. 0, as in the paper, uses all.',
    ),
  steps: whole(1).default(1000).describe('Optimizer updates; the paper makes 10,000.'),
  batchSize: whole(1)
    .default(16)
    .describe('Model-generated samples a step; as many pre-training samples join them where beta is above 0.'),
  replicas: whole(1, 1024)
    .default(1)
    .describe(
      'Equal parts of a batch that are worked on at the same time, each with its share of the threads: with one a thread a small network trains up to 1.6 times faster; a large one pays in memory.',
    ),
  exchange: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe('How gradients travel between processes; bfloat16 halves the bytes and rounds them to 8 bits.'),
  accumulation: whole(1).default(1).describe('Batches whose gradients are added up before one update.'),
  learningRate: positive()
    .default(5e-5)
    .describe('Peak learning rate; 2e-5 suits Stable Diffusion 1.5, the tiny model bears more.'),
  schedule: z
    .enum(['constant', 'cosine', 'linear'])
    .default('constant')
    .describe('How the learning rate goes on after warm-up.'),
  warmupSteps: whole(0).default(50).describe('Updates over which the learning rate rises from 0.'),
  weightDecay: z.number().min(0).default(1e-2).describe('Decoupled weight decay of AdamW.'),
  maxGradientNorm: positive().default(1).describe('Gradients are scaled down to this global norm.'),
  ema: z.number().min(0).lt(1).default(0).describe('Decay of the moving average of the weights; 0 keeps none.'),
  captionDropout: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of pre-training captions left empty, so that guidance keeps its unconditional side.'),
  snrGamma: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe(
      'Gamma of min-SNR weights of timesteps; 0 weighs all alike, as in the paper. The tiny model was trained with 5.',
    ),
  pretraining: text()
    .default(WORLD_PRETRAINING)
    .describe(
      `Where pre-training pairs come from: '${WORLD_PRETRAINING}' draws them, anything else is a folder of pictures with a metadata.jsonl or metadata.csv (file_name and text), or with a .txt beside each.`,
    ),
  pretrainingImages: whole(1).default(4096).describe(`Pairs drawn where tune.pretraining is '${WORLD_PRETRAINING}'.`),
  humanData: z.boolean().default(true).describe('Train on labelled images.'),
  unlabelledData: z.boolean().default(true).describe('Train on images without a label, weighted by the reward.'),
  recompute: z.boolean().default(false).describe('Recompute blocks in the backward pass: less memory, more time.'),
  attentionMegabytes: whole(0, 65_536)
    .default(0)
    .describe(
      "Attention weights that the backward pass computes and holds at once, in MiB. 0 is the device's own: 8 on a processor, a sixteenth of a CUDA device's memory, else 64.",
    ),
  loraRank: whole(0, 1024)
    .default(0)
    .describe('Rank of a LoRA to train in place of the weights, which then stay frozen; 0 trains all weights.'),
  loraAlpha: z.number().min(0).default(0).describe('The LoRA is scaled by loraAlpha / loraRank; 0 takes the rank.'),
  loraLayers: z
    .enum(['attention', 'all'])
    .default('attention')
    .describe('Layers that the LoRA changes: the projections of attention, or all linear and convolution layers.'),
  checkpointEverySteps: whole(1).default(100).describe('Updates between checkpoints.'),
  keepCheckpoints: whole(1).default(2).describe('How many of the newest checkpoints stay.'),
  sampleEverySteps: whole(0).default(250).describe('Updates between sample grids, from step 0 on; 0 draws none.'),
  samplePrompts: z
    .array(text())
    .default([])
    .describe("Prompts of the sample grid; [] takes four of the project's own. The seeds stay the same, too."),
  logEverySteps: whole(1).default(10).describe('Updates between lines of metrics.jsonl.'),
  watch: z
    .strictObject({
      everySteps: whole(0)
        .default(250)
        .describe(
          'Updates between measurements; 0 measures nothing, and a run that is shorter is not measured either. docs/methods.md has the rules.',
        ),
      prompts: whole(2, 1000)
        .default(8)
        .describe('Prompts kept for choosing: nothing is learned from their images, and no evaluation asks for them.'),
      images: whole(2, 1000).default(4).describe('Images of each, drawn at every measurement with the same seeds.'),
      stops: z.boolean().default(true).describe('Whether an alarm can stop the run; without it alarms only warn.'),
      keepsBest: z
        .boolean()
        .default(true)
        .describe('Write the weights that are best by the judging reward; false writes the last ones.'),
    })
    .prefault({})
    .describe('Alarms while tuning, measured on prompts kept for choosing.'),
  dpo: METHOD_SECTIONS.dpo
    .prefault({})
    .describe('`tune.method = "dpo"`: pairs of a good and a bad image of one prompt.'),
  nft: METHOD_SECTIONS.nft
    .prefault({})
    .describe('`tune.method = "nft"`: towards good images and away from bad ones, by a bounded step.'),
  kto: METHOD_SECTIONS.kto.prefault({}).describe('`tune.method = "kto"`: single images that are good or bad.'),
  bestOfN: METHOD_SECTIONS.bestOfN
    .prefault({})
    .describe('`tune.method = "best-of-n"`: the best images of each prompt by the reward.'),
  likelihood: METHOD_SECTIONS.likelihood
    .prefault({})
    .describe('`tune.method = "likelihood"`: plain fine-tuning on the good or on the bad images.'),
});

const sample = z.strictObject({
  sampler: z
    .enum(['ddim', 'ddpm', 'dpmpp_2m', 'dpmpp_2m_karras', 'euler', 'euler_a', 'pndm'])
    .default('dpmpp_2m')
    .describe('How noise becomes an image, in every command.'),
  steps: whole(1, 1000).default(20).describe('Calls of the network an image.'),
  guidanceScale: z
    .number()
    .min(0)
    .max(100)
    .default(3)
    .describe('Classifier-free guidance; up to 1 is none, Stable Diffusion is used with 7.5.'),
  batchSize: whole(1, 4096).default(16).describe('Images drawn at once; changes speed and memory, never a pixel.'),
});

const evaluate = z.strictObject({
  prompts: text()
    .default(HELD_OUT_PROMPTS)
    .describe(
      `Prompts to evaluate on: '${HELD_OUT_PROMPTS}' are those that the list of generate.prompts holds out (with '${PAPER_PROMPTS}' the paper's 120), '${PAPER_EVALUATION_PROMPTS}' the paper's 120, anything else a .txt, .csv or .jsonl file of your own; nothing is learned from images of its prompts.`,
    ),
  holdoutShare: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .describe(
      'Share of the prompts of a list of your own that is held out for evaluation, by the seed, where neither the list nor evaluate.prompts says which.',
    ),
  promptLimit: whole(0).default(0).describe('Use only this many prompts, drawn evenly; 0 uses all.'),
  imagesPerPrompt: whole(1, 1000).default(4).describe('Images in each set that raters compare.'),
  bestOf: whole(1, 1000)
    .default(16)
    .describe('Images out of which the reward picks the best for the best-of-n baseline.'),
  pruned: z
    .boolean()
    .default(false)
    .describe(
      'Also draw best-of-n with early pruning, at about half the network calls: candidates that a reward finds weak while they are denoised are left out.',
    ),
  otherPrompts: z
    .array(text())
    .default([])
    .describe(
      'Prompts outside the trained categories, shown side by side; without any, evaluation prompts in other styles.',
    ),
  raters: whole(1, 1000).default(9).describe('Simulated raters of each comparison, where the world has them.'),
  resamples: whole(100).default(2000).describe('Bootstrap resamples behind each interval.'),
  reference: z
    .string()
    .default('')
    .describe(
      'Real pictures that FID and CMMD compare with: a folder, or for FID alone a .npz file of pytorch-fid; without one neither is measured.',
    ),
  inception: z
    .string()
    .default('')
    .describe(
      "The weights that FID needs: pytorch-fid's pt_inception-2015-12-05-6726825d.pth as a file (.pth or .safetensors) or on the Hugging Face hub (org/name/file.pth).",
    ),
  fidelityImages: whole(0)
    .refine((count) => count === 0 || count >= 16, '0 or at least 16')
    .default(1000)
    .describe(
      "Images of each side in the Fréchet distance and in CMMD, which know the emoji world's pictures alone; 0 leaves both out.",
    ),
});

/** The schema of heed.toml. Sections and keys that are left out take their defaults; unknown ones are errors. */
export const configSchema = z.strictObject({
  seed: whole(0, 2 ** 31 - 1)
    .default(0)
    .describe('The seed of everything random; the same seed gives the same project.'),
  device: z
    .enum(DEVICE_SETTINGS)
    .default('cpu')
    .describe('Where the networks run; auto takes cuda, a fast webgpu or cpu, and says which. Tested: cpu and webgpu.'),
  precision: z
    .enum(['auto', 'float32', 'float16'])
    .default('auto')
    .describe('What the networks compute in; auto is float16 on GPUs that have it. Weights and updates are float32.'),
  captureGraph: z
    .boolean()
    .default(false)
    .describe(
      'Whether CUDA records the kernels of a tuning update once and replays them as a CUDA graph; where that is refused, tuning runs as without it. Not yet run on a GPU.',
    ),
  threads: whole(0, 1024)
    .default(0)
    .describe('Threads of the networks; 0 takes one a core. Results are the same bits only for the same number.'),
  world: z
    .enum(['auto', 'emoji', 'none'])
    .default('auto')
    .describe(
      "What heed knows of the pictures: 'emoji' is the demo's world, with a recogniser and simulated raters; with 'none' people alone judge. 'auto' is 'emoji' for the built-in model, else 'none'.",
    ),
  model: model.prefault({}).describe('The models that the project starts from.'),
  generate: generate.prefault({}).describe('`heed generate`: images to be judged.'),
  label: label.prefault({}).describe('`heed label`: good or bad, by people or by simulated raters.'),
  studio: studio.prefault({}).describe('`heed studio`: the pages where people judge.'),
  reward: reward.prefault({}).describe('`heed reward`: a network that learns to judge as the raters do.'),
  tune: tune.prefault({}).describe('`heed tune`: the model learns from the reward.'),
  sample: sample.prefault({}).describe('How every command samples images.'),
  evaluate: evaluate.prefault({}).describe('`heed evaluate`: what tuning bought and what it cost.'),
});

/** A heed.toml with every default filled in. */
export type HeedConfig = z.output<typeof configSchema>;

/** One key of the schema, in the form that documentation and tools need. */
export interface ConfigKey {
  /** 'tune.beta'. */
  readonly path: string;
  readonly description: string;
  readonly defaultValue: unknown;
  readonly schema: z.core.$ZodType;
}

/** A section of the schema. Keys outside all sections are in a section without a name, which comes first. */
export interface ConfigSection {
  readonly name: string;
  readonly description: string;
  readonly keys: readonly ConfigKey[];
}

/** All sections and keys in the order of the file; a nested section ('tune.dpo') follows its parent section. */
export function configSections(): ConfigSection[] {
  return sectionsOf(configSchema, { name: '', description: '', defaults: configSchema.parse({}) });
}

function sectionsOf(
  schema: z.ZodObject,
  section: { name: string; description: string; defaults: Record<string, unknown> },
): ConfigSection[] {
  const { name, description, defaults } = section;
  const keys: ConfigKey[] = [];
  const inside: ConfigSection[] = [];
  for (const [key, leaf] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    const path = name === '' ? key : `${name}.${key}`;
    const inner = leaf instanceof z.ZodPrefault ? leaf.unwrap() : undefined;
    const own = { description: leaf.description ?? '', defaultValue: defaults[key] };
    if (inner instanceof z.ZodObject) {
      const its = defaults[key] as Record<string, unknown>;
      inside.push(...sectionsOf(inner, { name: path, description: own.description, defaults: its }));
    } else keys.push({ path, schema: leaf, ...own });
  }
  return [{ name, description, keys }, ...inside];
}

/** The option `threads` if the config sets a number. Without the option `threads`, each core gets one thread. */
export function threadsOption({ threads }: Pick<HeedConfig, 'threads'>): { threads?: number } {
  return threads === 0 ? {} : { threads };
}

/** Whether `heed generate` generates as many images as the paper, about 27,000. */
export function isPaperScale({ generate }: Pick<HeedConfig, 'generate'>): boolean {
  return generate.prompts === PAPER_PROMPTS && generate.promptLimit === 0 && generate.imagesPerPrompt === 0;
}
