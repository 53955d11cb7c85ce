// Writes the model card from what the stages recorded, so that its numbers are those of the weights beside it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CLIP_FOLDER, RECOGNISER_FOLDER, TINY_MODEL_FOLDER } from '../paths.ts';
import type { StageContext, StageName } from './stage.ts';
import { exists, stageFolder } from './stage.ts';
import { readTrainingProgress } from './training-state.ts';

const Rates = z.record(z.string(), z.object({ rate: z.number(), images: z.number() }));
const Measurements = z.object({
  modelHash: z.string(),
  imagesAPrompt: z.number(),
  sampler: z.string(),
  samplingSteps: z.number(),
  guidanceScale: z.number(),
  rates: Rates,
});
const HeadRates = z.object({ object: z.number(), colour: z.number(), count: z.number(), background: z.number() });
const RecogniserMeasurements = z.object({
  cleanTrainingStyles: HeadRates,
  degradedTrainingStyles: HeadRates,
  cleanHeldOutStyle: HeadRates,
});

/** What each trained stage trains, for the card's table. */
const TRAINED: readonly { stage: StageName; what: string; batch: string }[] = [
  {
    stage: 'clip',
    what: 'CLIP, contrastive, on captions 85 % true and 15 % as the web has them; from update 900 on half of the pictures degraded',
    batch: '128, then 2 x 128',
  },
  { stage: 'vae', what: 'autoencoder, L1 + squared error + coarse squared error + 1e-6 KL', batch: '8' },
  {
    stage: 'unet',
    what: 'U-Net, noise prediction, min-SNR weights, 10 % of captions dropped',
    batch: '16, from update 4,000 on 32',
  },
  {
    stage: 'recogniser',
    what: 'recogniser, cross-entropy on scenes half of which are degraded; from update 1,500 on a third of them drawn again from noisy latents, and half in natural colours',
    batch: '64',
  },
];

/** What the saved states do not know of the weights that are shipped. */
const HISTORY = `CLIP, autoencoder and recogniser began with the weights of an earlier training on two art styles (183, 913 and 900 updates),
which the table does not count; the tokenizer is that training's. The U-Net began with random weights.`;

/** Writes README.md into the model's folder; needs the measurements of the stages recogniser and measure. */
export async function writeModelCard(context: StageContext): Promise<string> {
  const measured = Measurements.parse(await readJson(join(stageFolder(context, 'measure'), 'measurements.json')));
  const recogniserPath = join(stageFolder(context, 'recogniser'), 'measurements.json');
  const recogniser = (await exists(recogniserPath))
    ? RecogniserMeasurements.parse(await readJson(recogniserPath))
    : undefined;
  const rows = await Promise.all(
    TRAINED.map(async ({ stage, what, batch }) => {
      const progress = await readTrainingProgress(stageFolder(context, stage));
      return progress
        ? `| ${stage} | ${what} | ${progress.step} | ${batch} | ${(progress.trainedSeconds / 60).toFixed(0)} |\n`
        : '';
    }),
  );
  const path = join(TINY_MODEL_FOLDER, 'README.md');
  await writeFile(path, card({ measured, recogniser, rows: rows.join('') }));
  return path;
}

function card({
  measured,
  recogniser,
  rows,
}: {
  measured: z.infer<typeof Measurements>;
  recogniser: z.infer<typeof RecogniserMeasurements> | undefined;
  rows: string;
}): string {
  const aims: Readonly<Record<string, string>> = {
    object: '>= 80 %',
    background: '>= 80 %',
    colour: '50-85 %',
    count: '20-50 %',
  };
  const rates = Object.entries(measured.rates)
    .map(([key, { rate, images }]) => `| ${key} | ${percent(rate)} | ${aims[key] ?? ''} | ${images} |\n`)
    .join('');
  const heads = recogniser
    ? Object.entries({
        'clean scenes, the styles it was trained on': recogniser.cleanTrainingStyles,
        'degraded scenes, the same styles': recogniser.degradedTrainingStyles,
        'clean scenes, the held-out styles': recogniser.cleanHeldOutStyle,
      })
        .map(
          ([name, r]) =>
            `| ${name} | ${percent(r.object)} | ${percent(r.colour)} | ${percent(r.count)} | ${percent(r.background)} |\n`,
        )
        .join('')
    : '';
  return `---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
tags: [toy, emoji, heed]
---

# tiny-sd: a toy Stable Diffusion of the emoji world

A text-to-image model of 64 x 64 px pictures in Stable Diffusion 1.5's architecture (CLIP text tower, KL autoencoder by a
factor of 4, U-Net with cross-attention), small enough for a laptop's CPU. It is what heed's demo aligns. **It knows 25
objects, 9 colours, 6 counts and 8 backgrounds drawn with emoji, and nothing of the world**; it is of no use for
anything but trying heed. CLIP lies in \`${folderName(CLIP_FOLDER)}\`, the recogniser in \`${folderName(RECOGNISER_FOLDER)}\`, beside this folder.
The text encoder is a copy of CLIP's text tower, taken when the U-Net's training began.

## Data

Scenes rendered on the fly from Noto Emoji (Apache-2.0); Fluent Emoji Flat and Twemoji are held out. Captions of the
U-Net: three in five made noisy as the web's are (\`src/captions/web.ts\`: counts mostly vague or wrong, colours sometimes
left out or wrong), two in five true. No person's data, no human judgement, none of the evaluation prompts.

## Recipe

Trained from scratch by this project's own engine on two CPU cores that other work shared, with \`npm run pretrain\`
(seed 0), which continues each stage from where it was left. AdamW; the rate rises, stays, and falls linearly at the end.

| stage | what | updates | batch | minutes |
|---|---|---|---|---|
${rows}
${HISTORY}

## Measured

The 120 evaluation prompts of Lee et al. 2023 (table 4), ${measured.imagesAPrompt} images each, ${measured.sampler}, ${measured.samplingSteps} steps, guidance
${measured.guidanceScale}, judged by the recogniser (\`npm run pretrain -- measure\`). Model hash ${measured.modelHash}. "all": everything asked for is there.

| attribute | right | aimed at | images |
|---|---|---|---|
${rates}
The recogniser itself errs, so these are its views and not the truth. On 1,024 scenes it has not seen it is right in:

| pictures | object | colour | count | background |
|---|---|---|---|---|
${heads}
## Limits

Where a rate above is under its aim, training was too short: continue with \`npm run pretrain -- unet --hours H\` (hours in
all), then \`export\` and \`measure\`. Fine drawing is soft: the autoencoder is small and was trained for minutes.
`;
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}

function folderName(path: string): string {
  return path.split(/[\\/]/).slice(-2).join('/');
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
