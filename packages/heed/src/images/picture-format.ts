/** Detects the format of a picture file from its first bytes alone, not from its name or MIME type. */

/** The formats that heed reads. */
export type PictureFormat = 'png' | 'jpeg' | 'webp';

interface Mark {
  readonly name: string;
  /** The bytes that a file of this format can have at offset `at`, as Latin-1 texts in any case. */
  readonly starts: readonly string[];
  readonly at?: number;
}

const READ: Readonly<Record<PictureFormat, (bytes: Buffer) => boolean>> = {
  png: (bytes) => bytes.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n',
  jpeg: (bytes) => bytes.toString('latin1', 0, 3) === '\xff\xd8\xff',
  webp: (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
};

/** Other file types that folders of pictures contain, named in the error message. */
const OTHERS: readonly Mark[] = [
  {
    name: 'HEIC',
    at: 4,
    starts: ['ftypheic', 'ftypheix', 'ftyphevc', 'ftyphevx', 'ftypheim', 'ftypheis', 'ftypmif1', 'ftypmsf1'],
  },
  { name: 'AVIF', at: 4, starts: ['ftypavif', 'ftypavis'] },
  { name: 'video', at: 4, starts: ['ftyp'] },
  { name: 'JPEG XL', starts: ['\xff\x0a', '\0\0\0\x0cjxl '] },
  { name: 'JPEG 2000', starts: ['\0\0\0\x0cjp  ', '\xff\x4f\xff\x51'] },
  { name: 'GIF', starts: ['gif8'] },
  { name: 'BMP', starts: ['bm'] },
  { name: 'TIFF', starts: ['ii*\0', 'mm\0*', 'ii+\0', 'mm\0+'] },
  { name: 'a Photoshop file', starts: ['8bps'] },
  { name: 'PDF', starts: ['%pdf'] },
  { name: 'an icon', starts: ['\0\0\x01\0'] },
  { name: 'SVG or other markup', starts: ['<svg', '<?xml', '<!doctype', '<html'] },
  { name: 'a zip archive', starts: ['pk\x03\x04'] },
  { name: 'a pointer of Git LFS, not the file', starts: ['version https://git-lfs'] },
];

/** The format of a picture, or undefined when heed does not read the format. */
export function pictureFormat(bytes: Buffer): PictureFormat | undefined {
  return (Object.keys(READ) as PictureFormat[]).find((format) => READ[format](bytes));
}

/** Describes a file that is not in one of the formats that heed reads. */
export function describeFile(bytes: Buffer): string {
  if (bytes.length === 0) return 'an empty file';
  const head = bytes.toString('latin1', 0, 64).toLowerCase();
  const text = bytes.toString('latin1', 0, 256).replace(/^ï»¿/, '').trimStart().toLowerCase();
  // A HEIF container lists all compatible formats. Only the first one names its content.
  const found = OTHERS.find(({ starts, at = 0 }) =>
    starts.some((start) => head.startsWith(start, at) || (at === 0 && start.startsWith('<') && text.startsWith(start))),
  );
  return found?.name ?? 'other bytes';
}
