/** Identifies, from its first bytes, a file that is not safetensors. */

const MAGICS: readonly { readonly bytes: readonly number[]; readonly message: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], message: 'a zip archive, as PyTorch writes' },
  ...[2, 3, 4, 5].map((protocol) => ({ bytes: [0x80, protocol], message: 'a Python pickle' })),
  { bytes: ascii('version https://git-lfs'), message: 'a Git LFS pointer (fetch the file itself with: git lfs pull)' },
  { bytes: [0x1f, 0x8b], message: 'a gzip file (unpack it first)' },
  { bytes: ascii('GGUF'), message: 'a GGUF file, which is not supported' },
  { bytes: [0x89, 0x48, 0x44, 0x46], message: 'an HDF5 file, which is not supported' },
  { bytes: ascii('<!DOCTYPE'), message: 'an HTML page (the download failed: fetch it again)' },
  { bytes: ascii('<html'), message: 'an HTML page (the download failed: fetch it again)' },
];

/** The file's format, as the end of the message "expected a safetensors file, got ..."; undefined if unknown. */
export function describeForeignFormat(head: Uint8Array): string | undefined {
  return MAGICS.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte))?.message;
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}
