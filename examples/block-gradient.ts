/** The gradient of a U-Net block in ten lines. Run: npx tsx examples/block-gradient.ts */
import {
  compile,
  createRandom,
  describeParameters,
  gradients,
  initializeParameters,
  input,
  mean,
  square,
} from '@heed/autodiff';
import { resnetBlock } from '@heed/diffusion';

const shape = [1, 32, 8, 8]; // [B, C, H, W]
const block = (p: Parameters<typeof resnetBlock>[0], x: Parameters<typeof resnetBlock>[1]) =>
  resnetBlock(p, x, { channels: 32, groups: 8, epsilon: 1e-5 });
const random = createRandom(0);
const parameters = initializeParameters(
  describeParameters((p) => block(p, input('x', shape))),
  random,
);
const { run, dispose } = await compile({
  name: 'block and gradient',
  inputs: { x: { shape } },
  parameters,
  build: (p, { x }) => {
    const loss = mean(square(block(p, x)));
    return { loss, gradient: gradients(loss, [x])[0]! };
  },
});
const x = Float32Array.from({ length: 32 * 8 * 8 }, () => random.normal());
const { loss, gradient } = await run({ x });
// The same by a finite difference along the gradient.
const norm = Math.hypot(...gradient);
const moved = await run({ x: x.map((value, i) => value + (1e-2 * gradient[i]!) / norm) });
console.log(`loss ${loss[0]!.toFixed(4)}, gradient norm ${norm.toFixed(5)}`);
console.log(`finite difference ${((moved.loss[0]! - loss[0]!) / 1e-2).toFixed(5)}`);
dispose();
