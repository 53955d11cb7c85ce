import { describe, expect, it } from 'vitest';
import { libraryPath } from './library-path.ts';

describe('libraryPath', () => {
  it.each([
    ['linux', 'x64', 'linux/x64/libonnxruntime.so.1'],
    ['linux', 'arm64', 'linux/arm64/libonnxruntime.so.1'],
    ['darwin', 'arm64', 'darwin/arm64/libonnxruntime.1.dylib'],
    ['win32', 'x64', 'win32/x64/onnxruntime.dll'],
    ['win32', 'arm64', 'win32/arm64/onnxruntime.dll'],
  ] as const)('is in onnxruntime-node for %s/%s', (platform, architecture, expected) => {
    expect(libraryPath({ platform, architecture }).replaceAll('\\', '/')).toMatch(new RegExp(`${expected}$`));
  });

  it("prefers the platform's own package", () => {
    const packageFolder = (name: string) => `/modules/${name}`;
    const path = libraryPath({ platform: 'linux', architecture: 'arm64', packageFolder, exists: () => true });
    expect(path.replaceAll('\\', '/')).toBe('/modules/@heed/runtime-linux-arm64/libonnxruntime.so.1');
  });

  it('says so on a platform without one', () => {
    expect(() => libraryPath({ platform: 'freebsd', architecture: 'x64' })).toThrow(
      'ONNX Runtime: expected the package @heed/runtime-freebsd-x64, got none for freebsd/x64',
    );
    expect(() => libraryPath({ platform: 'darwin', architecture: 'x64' })).toThrow('got none for darwin/x64');
  });

  it('takes the library that the environment names', () => {
    expect(libraryPath({ override: process.execPath })).toBe(process.execPath);
    expect(() => libraryPath({ override: '/nowhere/libonnxruntime.so' })).toThrow(
      'HEED_ONNXRUNTIME: expected the path of an ONNX Runtime library, got /nowhere/libonnxruntime.so: no such file',
    );
  });
});
