/**
 * A reward from a CSV of judged pictures. Run: npx tsx examples/reward-from-csv.ts judged.csv
 * The table has the columns file, prompt and label (good or bad); files are named from the table's folder.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { builtInModels, loadClip, readPicture, trainRewardOnArrays } from 'heed';

const table = process.argv[2]!;
const rows: { file: string; prompt: string; label: string }[] = parse(await readFile(table), { columns: true });
const clip = await loadClip((await builtInModels()).clip);
const pictures = await Promise.all(rows.map(({ file }) => readPicture(resolve(dirname(table), file))));
const textEmbeds = await clip.embedTexts(rows.map(({ prompt }) => prompt));
const imageEmbeds = await clip.embedImages(pictures);
const labels = rows.map(({ label }) => (label === 'good' ? 1 : 0));

const { model, bestEpoch } = await trainRewardOnArrays({ textEmbeds, imageEmbeds, labels, seed: 0 });
const scores = await model.score(textEmbeds, imageEmbeds);
console.log(`trained on ${rows.length} pictures; kept epoch ${bestEpoch}`);
for (const [i, { file, label }] of rows.entries()) console.log(`${scores[i]!.toFixed(3)}  ${label.padEnd(4)}  ${file}`);
model.dispose();
await clip.dispose();
