/**
 * The settings of each tuning method, by its name: sections of heed.toml. `tune/methods/` implements the methods; this
 * file contains only settings and loads no network code.
 */
import { z } from 'zod';

/** The paper's method: equation 2. */
export const DEFAULT_METHOD = 'reward-weighted';
export const METHOD_NAMES = [DEFAULT_METHOD, 'dpo', 'nft', 'kto', 'best-of-n', 'likelihood'] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

const beta = () =>
  z
    .union([z.literal('auto'), z.number().gt(0)], { error: "'auto' or a number above 0" })
    .default('auto')
    .describe(
      "How firmly the model is held to the one before tuning; larger is firmer. 'auto' takes 1000 for latents of 4 x 16 x 16, 4000 for Stable Diffusion 1.5, and in between by the square root of their size.",
    );

const pretrainingWeight = () =>
  z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the pre-training loss beside that of the method; 0 draws no pre-training pairs.');

export const METHOD_SECTIONS = {
  dpo: z.strictObject({
    beta: beta(),
    safeguard: z
      .boolean()
      .default(true)
      .describe("Scale the worse image's gradient so that the error on the better one does not rise (SDPO)."),
    safeguardMargin: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        "Share of the better image's own descent that the safeguard keeps; SDPO trains Stable Diffusion with 0.9.",
      ),
    pretrainingWeight: pretrainingWeight(),
  }),
  nft: z.strictObject({
    source: z
      .enum(['labels', 'reward'])
      .default('labels')
      .describe('What says how good an image is: labels, or the learned reward, which also covers images without one.'),
    centre: z
      .enum(['half', 'prompt'])
      .default('half')
      .describe(
        "What an image is compared with: 'half' pulls images above 0.5 nearer and pushes others off, 'prompt' compares with the mean of the images of its prompt.",
      ),
    strength: z
      .number()
      .gt(0)
      .max(100)
      .default(1)
      .describe(
        'How far the target lies from the prediction of the model before tuning; 1 / beta in the paper of NFT.',
      ),
    pretrainingWeight: pretrainingWeight(),
  }),
  kto: z.strictObject({
    beta: beta(),
    goodShare: z.number().gt(0).lt(1).default(0.8).describe('Share of good images in a batch; the rest are bad ones.'),
    pretrainingWeight: pretrainingWeight(),
  }),
  bestOfN: z.strictObject({
    keep: z
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe('How many images of each prompt, the best by the reward, are learned from.'),
    fewestImages: z
      .int()
      .min(2)
      .max(10_000)
      .default(4)
      .describe('Prompts with fewer images are left out: too few to choose from.'),
    pretrainingWeight: pretrainingWeight(),
  }),
  likelihood: z.strictObject({
    images: z
      .enum(['good', 'bad'])
      .default('good')
      .describe('Which labelled images are learned from; a model of the bad ones is one side of `heed contrast`.'),
    pretrainingWeight: pretrainingWeight(),
  }),
} as const;

export type MethodSection = keyof typeof METHOD_SECTIONS;

/** The section of each method under `tune` in heed.toml. The settings of the paper's method are in `tune` itself. */
export const SECTION_OF_METHOD = {
  'reward-weighted': undefined,
  dpo: 'dpo',
  nft: 'nft',
  kto: 'kto',
  'best-of-n': 'bestOfN',
  likelihood: 'likelihood',
} as const satisfies Record<MethodName, MethodSection | undefined>;

/** The settings of the method that has the section `Section`. */
export type MethodSettings<Section extends MethodSection> = z.output<(typeof METHOD_SECTIONS)[Section]>;
