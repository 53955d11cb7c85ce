/**
 * Checks that a device computes correctly, with a matrix product and a convolution, for which CUDA uses different
 * libraries.
 */
import type { DeviceSetting } from '../config/device-names.ts';
import { tellError } from '../errors.ts';
import type { Finding } from './checks.ts';

/** The product of [1 2; 3 4] and [1 0; 0 2], then the convolution of a 2 x 2 matrix of ones with itself. */
const EXPECTED = '1 4 3 8 4';

/** Compiles a small graph for `device` and runs it. Errors include the commands that install missing parts. */
export async function deviceComputes(setting: DeviceSetting): Promise<Finding> {
  const { chooseDevice, compile, conv2d, CUDA_COMMANDS, matmul } = await import('@heed/diffusion/autodiff');
  const { device, why } = setting === 'auto' ? await chooseDevice() : { device: setting, why: '' };
  const chosen = why === '' ? '' : `; auto takes it: ${why}`;
  try {
    const graph = await compile({
      name: 'doctor',
      device,
      inputs: { a: { shape: [2, 2] }, b: { shape: [2, 2] }, x: { shape: [1, 1, 2, 2] }, w: { shape: [1, 1, 2, 2] } },
      build: (_, { a, b, x, w }) => ({ product: matmul(a, b), window: conv2d(x, w) }),
    });
    try {
      const ones = Float32Array.of(1, 1, 1, 1);
      const [a, b] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 0, 0, 2)];
      const { product, window } = await graph.run({ a, b, x: ones, w: ones });
      const found = [...product, ...window].join(' ');
      if (found === EXPECTED) return { state: 'ok', found: `${device} multiplies and convolves right${chosen}` };
      return { state: 'failed', found: `${device}: expected ${EXPECTED}, got ${found}` };
    } finally {
      graph.dispose();
    }
  } catch (error) {
    const { message } = tellError(error);
    const help = device === 'cuda' ? ['; to bring its files:', ...CUDA_COMMANDS].join('\n    ') : '';
    return { state: 'failed', found: `${message}${help}` };
  }
}
