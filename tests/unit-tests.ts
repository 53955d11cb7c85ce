/** Tests of single parts. They train no model, draw no picture, start no server and no database. */

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

export const UNIT_TESTS = [
  'packages/autodiff/src/{estimate,onnx}/**/*.test.ts',
  // Not on a device.
  'packages/autodiff/src/ops/**/!(webgpu).test.ts',
  'packages/autodiff/src/{misuse,precision}.test.ts',
  'packages/autodiff/src/train/adamw.test.ts',
  'packages/diffusion/src/{configs,images,npz,pickle,samplers,schedule,tokenizer}/**/*.test.ts',
  'packages/diffusion/src/files/atomic-file.test.ts',
  'packages/emoji-world/src/{captions,prompts}/**/*.test.ts',
  'packages/emoji-world/src/*.test.ts',
  `packages/heed/src/{${HEED_PARTS.join(',')}}/**/*.test.ts`,
  'packages/studio-web/src/**/*.test.ts',
];

/**
 * Tests of the engine, the models and the emoji world. They share a process, because each file would load the engine
 * again. Left out are those that change the process or start others.
 */
export const ENGINE_TESTS = ['packages/{autodiff,diffusion,emoji-world}/src/**/*.test.ts'];
export const NOT_SHARED = [
  'packages/autodiff/src/distributed/**/*.test.ts',
  'packages/autodiff/src/runtime/{arena,choose-device,library,library-path,memory-reuse,telemetry}.test.ts',
  'packages/autodiff/src/train/{device-training-step,gradient-memory}.test.ts',
  'packages/**/webgpu*.test.ts',
  'packages/diffusion/src/{files,processes}/**/*.test.ts',
];
