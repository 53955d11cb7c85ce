import { describe, expect, it } from 'vitest';
import { libraryPath, runtimeVersion } from './library.ts';

describe('library', () => {
  it('is the version that the function indices were written for', () => {
    expect(runtimeVersion).toBe('1.30.0');
  });

  it.each([
    ['linux', 'x64', 'linux/x64/libonnxruntime.so.1'],
    ['linux', 'arm64', 'linux/arm64/libonnxruntime.so.1'],
    ['darwin', 'arm64', 'darwin/arm64/libonnxruntime.1.dylib'],
    ['win32', 'x64', 'win32/x64/onnxruntime.dll'],
    ['win32', 'arm64', 'win32/arm64/onnxruntime.dll'],
  ] as const)('is shipped for %s/%s', (platform, architecture, expected) => {
    expect(libraryPath(platform, architecture).replaceAll('\\', '/')).toMatch(new RegExp(`${expected}$`));
  });

  it('says so on a platform without one', () => {
    const sentence = 'ONNX Runtime: expected a platform that onnxruntime-node ships a library for, got freebsd/x64';
    expect(() => libraryPath('freebsd', 'x64')).toThrow(sentence);
    expect(() => libraryPath('darwin', 'x64')).toThrow('got darwin/x64');
  });
});
