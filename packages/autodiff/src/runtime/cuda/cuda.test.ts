/** The files of CUDA: found, refused in one sentence, and linked. That they compute is tested on a GPU alone. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkRuntime } from './link-runtime.ts';
import { cudaSite } from './site.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

function write(...names: string[]): void {
  mkdirSync(at(...names.slice(0, -1)), { recursive: true });
  writeFileSync(at(...names), names.at(-1)!);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heed-cuda-'));
  for (const name of ['shared', 'cuda', 'tensorrt'])
    write('site', 'onnxruntime', 'capi', `libonnxruntime_providers_${name}.so`);
  mkdirSync(at('site', 'onnxruntime_gpu-1.30.0.dist-info'));
  for (const name of [
    'libcublas.so.13',
    'libcublasLt.so.13',
    'libcudart.so.13',
    'libcudart.so.12',
    'libnvblas.so.13',
  ]) {
    write('site', 'nvidia', 'cu13', 'lib', name);
  }
  write('site', 'nvidia', 'cudnn', 'lib', 'libcudnn.so.9');
  write('site', 'nvidia', 'cudnn', 'lib', 'libcudnn_ops.so.9');
  write('npm', 'libonnxruntime.so.1');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('cudaSite', () => {
  it('finds the provider and the libraries, in the order in which they need one another', () => {
    const { providers, libraries } = cudaSite(at('site'))!;
    const capi = at('site', 'onnxruntime', 'capi');
    expect(providers).toEqual([
      join(capi, 'libonnxruntime_providers_shared.so'),
      join(capi, 'libonnxruntime_providers_cuda.so'),
    ]);
    const names = libraries.map((path) => path.split('/').at(-1));
    expect(names.slice(0, 3)).toEqual(['libcudart.so.13', 'libcublasLt.so.13', 'libcublas.so.13']);
    expect(names.slice(3).toSorted()).toEqual(['libcudnn.so.9', 'libcudnn_ops.so.9']);
  });

  it('is nothing where no folder is named', () => {
    expect(cudaSite('')).toBeUndefined();
  });

  it('refuses a folder without the provider, or with another version of it', () => {
    expect(() => cudaSite(at('npm'))).toThrow(
      /^HEED_CUDA: expected a site-packages folder with onnxruntime-gpu 1.30.0, got .*npm without onnxruntime\/capi\//,
    );
    write('old', 'onnxruntime', 'capi', 'libonnxruntime_providers_shared.so');
    write('old', 'onnxruntime', 'capi', 'libonnxruntime_providers_cuda.so');
    mkdirSync(at('old', 'onnxruntime_gpu-1.26.0.dist-info'));
    expect(() => cudaSite(at('old'))).toThrow(
      /^HEED_CUDA: expected onnxruntime-gpu 1.30.0 in .*old, got onnxruntime_gpu-1.26.0.dist-info$/,
    );
  });
});

describe('linkRuntime', () => {
  it('puts the library beside the provider, once and again, and changes neither package', () => {
    const site = cudaSite(at('site'))!;
    const library = at('npm', 'libonnxruntime.so.1');
    const linked = linkRuntime(library, site, at('cache'));
    expect(readFileSync(linked, 'utf8')).toBe('libonnxruntime.so.1');
    expect(linkRuntime(library, site, at('cache'))).toBe(linked);
    expect(readdirSync(join(linked, '..')).toSorted()).toEqual([
      'libonnxruntime.so.1',
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
    expect(readdirSync(at('npm'))).toEqual(['libonnxruntime.so.1']);
  });
});
