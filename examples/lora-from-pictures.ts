/**
 * A LoRA from good and bad pictures. Run: npx tsx examples/lora-from-pictures.ts PICTURES OUT [steps] PICTURES holds
 * images and metadata.csv with the columns file_name, text and label (good or bad). The project, with all that was
 * learned, lies in OUT; the LoRA is OUT/tuned-lora.safetensors. KTO learns from single judgements.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { exportModel, importFeedback, importImages, initProject, runSample, runTune, silentProgress } from 'heed';

const [pictures, out, steps = '50'] = process.argv.slice(2) as [string, string, string?];
const project = await initProject(out, {
  overrides: [
    'tune.method=kto',
    'tune.loraRank=4',
    'tune.batchSize=4',
    'tune.learningRate=1e-4',
    `tune.steps=${steps}`,
  ],
});
const { added } = await importImages(project, pictures, { model: 'base' });
const judged = await importFeedback(project, join(pictures, 'metadata.csv'), { rater: 'me' });
console.log(`${added} pictures, ${judged.added} judgements`);
await runTune(project, { name: 'tuned' }, silentProgress);
const lora = await exportModel(project, 'tuned', join(out, 'tuned-lora.safetensors'), { format: 'lora' });
console.log(`${lora.path}: ${(lora.bytes / 1000).toFixed(0)} kB`);

const rows: { text: string }[] = parse(await readFile(join(pictures, 'metadata.csv')), { columns: true });
for (const model of ['base', 'tuned']) {
  const folder = join(out, `drawn-${model}`);
  const { files } = await runSample(project, { model, prompts: [rows[0]!.text], seed: 1, out: folder }, silentProgress);
  console.log(`${model}: ${files[0]}`);
}
