/** Loads a model and draws. Run: npx tsx examples/draw.ts [model] ["a prompt"] */
import { writeFile } from 'node:fs/promises';
import { builtInModels, encodePng, loadPipeline } from 'heed';

const [model = (await builtInModels()).base, prompt = 'A green colored dog.'] = process.argv.slice(2);
const pipeline = await loadPipeline(model);
const images = await pipeline.generate({ prompts: [prompt, prompt], seeds: [1, 2], steps: 10, guidanceScale: 4 });
for (const [i, image] of images.entries()) {
  await writeFile(`drawn-${i}.png`, encodePng(image, { parameters: prompt, recipe: '{}' }));
  console.log(`drawn-${i}.png: ${image.width} x ${image.height}`);
}
await pipeline.dispose();
