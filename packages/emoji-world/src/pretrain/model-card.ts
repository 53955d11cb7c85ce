// Writes the model card from what the stages recorded, so that its numbers are those of the weights beside it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCheckedJson } from '@heed/diffusion/checked-json';
import { z } from 'zod';
import { CLIP_FOLDER, RECOGNISER_FOLDER, TINY_MODEL_FOLDER } from '../paths.ts';
import type { StageContext } from './stage.ts';
import { stageFolder } from './stage.ts';
import { shipRecord, type TrainingRecord, trainingRecord } from './training-record.ts';

const Rates = z.record(z.string(), z.object({ rate: z.number(), images: z.number() }));
const Measurements = z.object({
  modelHash: z.string(),
  imagesAPrompt: z.number(),
  sampler: z.string(),
  samplingSteps: z.number(),
  guidanceScale: z.number(),
  rates: Rates,
});
/**
 * Writes README.md into the model's folder and the training record beside the weights. The stage `measure` must have
 * written its measurements before.
 */
export async function writeModelCard(context: StageContext): Promise<string> {
  const measured = await readCheckedJson(join(stageFolder(context, 'measure'), 'measurements.json'), {
    what: 'what the stage measure found',
    schema: Measurements,
  });
  const record = await trainingRecord(context);
  await shipRecord(record);
  const path = join(TINY_MODEL_FOLDER, 'README.md');
  await writeFile(path, card(measured, record));
  return path;
}

function card(measured: z.infer<typeof Measurements>, { trainings, recogniser }: TrainingRecord): string {
  const rows = trainings
    .map(({ stage, what, updates, batch, minutes }) => `| ${stage} | ${what} | ${updates} | ${batch} | ${minutes} |\n`)
    .join('');
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

A text-to-image model of 64 x 64 px pictures in Stable Diffusion 1.5's architecture: CLIP text tower, KL autoencoder by
a factor of 4, U-Net with cross-attention. The model is small enough for a laptop's CPU, and heed's demo aligns it.
**The model knows 25 objects, 9 colours, 6 counts and 8 backgrounds drawn with emoji.** The model is only useful for
trying heed. CLIP lies in \`${folderName(CLIP_FOLDER)}\`, the recogniser in \`${folderName(RECOGNISER_FOLDER)}\`, beside this folder.
The text encoder is a copy of CLIP's text tower, taken when the U-Net's training began.

## Data

Scenes rendered on the fly from Noto Emoji (Apache-2.0); Fluent Emoji Flat and Twemoji are held out. Captions of the
U-Net go wrong as the web's do (\`src/captions/web.ts\`: most counts vague or wrong, most colours left out or a similar one's
name), so that the model can draw what it does not heed. No person's data, no human judgement, none of the evaluation prompts.

## Recipe

Trained from scratch by this project's own engine on two CPU cores that other work shared, with \`npm run pretrain\`
(seed 0), which continues each stage from where it was left: a stage's rows follow each other. AdamW; the rate rises, stays,
and falls linearly at the end. The tokenizer is that of an earlier training on two art styles; the U-Net began with random weights.

| stage | what | updates | batch | minutes |
|---|---|---|---|---|
${rows}
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
