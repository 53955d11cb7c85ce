/**
 * Finds the image that a table cell names. When no image fits, the error gives a likely cause, such as a spreadsheet
 * program that rounded the cell's number.
 */
import { basename } from 'node:path/posix';
import { looksLikeNumber } from '../files/spreadsheet-cells.ts';
import { idOfImageName } from '../images/image-name.ts';
import type { ImageStore } from '../images/store.ts';

export interface ImageLookup {
  /** The id of the image, found by id, PNG name, or the name of its imported file. A file name must be unique. */
  find(cell: string): string | undefined;
  /** The likely reason why no image has this name, as the end of a sentence; '' if unknown. */
  cause(cell: string): string;
}

/** Spreadsheet programs keep 15 digits of a number. */
const RELATIVE_ERROR = 1e-14;
const MOST_CANDIDATES = 3;

export function createImageLookup(images: Pick<ImageStore, 'all' | 'has'>): ImageLookup {
  const ids = [...new Set(images.all({ isWhole: true }).map(({ id }) => id))];
  const bySource = idsBySource(images);
  return {
    find(cell) {
      const id = idOfImageName(cell);
      if (id !== undefined && images.has(id)) return id;
      const name = plain(cell);
      const found = bySource.get(name) ?? bySource.get(basename(name));
      return found?.size === 1 ? [...found][0] : undefined;
    },
    cause(cell) {
      if (!looksLikeNumber(cell)) return '';
      const candidates = ids.filter((id) => becomes(id, cell));
      const made = candidates.length > 0 && candidates.length <= MOST_CANDIDATES ? candidates.join(' or ') : 'an id';
      return `, which a spreadsheet may have made of ${made}`;
    },
  };
}

/** Ids of imported images by file name. Each imported file is listed under its full path and under its bare name. */
function idsBySource(images: Pick<ImageStore, 'all'>): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>();
  for (const { id, source } of images.all({ isWhole: true })) {
    if (!source) continue;
    for (const name of new Set([plain(source.file), basename(plain(source.file))])) {
      ids.set(name, (ids.get(name) ?? new Set()).add(id));
    }
  }
  return ids;
}

function plain(name: string): string {
  return name.replaceAll('\\', '/').normalize('NFC');
}

/** Whether the cell's number can be this id after a spreadsheet program rounded it. */
function becomes(id: string, cell: string): boolean {
  if (!/^\d+(e\d+)?$/.test(id)) return false;
  const number = Number(cell.replace(',', '.'));
  const [mantissa = '', exponent = '0'] = cell.toLowerCase().split('e');
  const decimals = mantissa.split(/[.,]/)[1]?.length ?? 0;
  const lastPlace = 10 ** (Number(exponent) - decimals);
  return Math.abs(Number(id) - number) <= Math.max(lastPlace, RELATIVE_ERROR * Math.abs(number));
}
