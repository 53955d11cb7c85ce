/** Embeds pictures and texts, and prints how well each fits each. Run: npx tsx examples/clip-scores.ts PICTURE... */
import { builtInModels, loadClip, readPicture } from 'heed';

const texts = ['A dog.', 'Three birds.', 'A red colored car.'];
const files = process.argv.slice(2);
const clip = await loadClip((await builtInModels()).clip);
const textRows = await clip.embedTexts(texts); // [texts, P]
const imageRows = await clip.embedImages(await Promise.all(files.map(readPicture))); // [files, P]
const size = clip.projectionDim;

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}

for (const [i, file] of files.entries()) {
  const image = imageRows.subarray(i * size, (i + 1) * size);
  const scores = texts.map(
    (text, j) => `${text} ${cosine(image, textRows.subarray(j * size, (j + 1) * size)).toFixed(3)}`,
  );
  console.log(`${file}: ${scores.join('  ')}`);
}
await clip.dispose();
