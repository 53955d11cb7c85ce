/**
 * WebGPU in tests: a software Vulkan driver (SwiftShader, from Debian's `chromium` and `libvulkan1`) where there is no
 * GPU. Without an adapter such tests are skipped, unless HEED_REQUIRE_WEBGPU=1, which makes that a failure.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Points Vulkan to the software driver where there is one; returns what undoes the folder it needed. */
export function prepareWebgpu(): () => void {
  if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER;
  if (process.env.XDG_RUNTIME_DIR !== undefined) return () => {};
  const folder = mkdtempSync(join(tmpdir(), 'heed-xdg-'));
  process.env.XDG_RUNTIME_DIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Skips the test for want of an adapter, or fails it where WebGPU is required. */
export function withoutWebgpu(context: TestContext, error: unknown): never {
  const cause = error instanceof Error ? error.message : String(error);
  const reason = `no WebGPU adapter (Debian: apt-get install chromium libvulkan1): ${cause}`;
  if (process.env.HEED_REQUIRE_WEBGPU === '1') throw new Error(reason);
  return context.skip(reason);
}
