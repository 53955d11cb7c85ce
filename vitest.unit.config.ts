/**
 * `npm run test:unit`: tests of single parts. They train no model, draw no picture, start no server and no database.
 */
import { defineConfig } from 'vitest/config';

const HEED_PARTS = [
  'collections',
  'config',
  'feedback',
  'files',
  'metrics',
  'progress',
  'prompts',
  'statistics',
  'text',
];

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['./tests/temporary-folder.ts'],
    include: [
      'packages/autodiff/src/{estimate,onnx,ops}/**/*.test.ts',
      'packages/autodiff/src/{misuse,precision}.test.ts',
      'packages/autodiff/src/train/adamw.test.ts',
      'packages/diffusion/src/{configs,images,npz,pickle,samplers,schedule,tokenizer}/**/*.test.ts',
      'packages/emoji-world/src/{captions,prompts}/**/*.test.ts',
      'packages/emoji-world/src/*.test.ts',
      `packages/heed/src/{${HEED_PARTS.join(',')}}/**/*.test.ts`,
      'packages/studio-web/src/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/webgpu.test.ts'],
    testTimeout: 60_000,
  },
});
