/**
 * Finds where the lines of a file differ from their recorded checksums: changed, lost, foreign, repeated or swapped
 * lines.
 */

/** One place; `line` counts from 1 in the file as it is now. */
export type LineFault =
  | { readonly kind: 'changed' | 'foreign'; readonly line: number }
  /** A gap: `count` lines are missing before `line`. */
  | { readonly kind: 'lost'; readonly line: number; readonly count: number }
  /** A repetition: `line` has the same content as line `of`. */
  | { readonly kind: 'repeated'; readonly line: number; readonly of: number }
  /** A swap: `line` and the line after it are in reverse order. */
  | { readonly kind: 'swapped'; readonly line: number };

/** Compares checksums in the order of their lines. Lines after the last recorded line are not reported. */
export function compareSums(recorded: BigUint64Array, found: BigUint64Array): LineFault[] {
  const faults: LineFault[] = [];
  const places = createPlaces(recorded, found);
  let r = 0;
  let f = 0;
  while (r < recorded.length && f < found.length) {
    if (recorded[r] === found[f]) {
      r++;
      f++;
      continue;
    }
    const [expected, actual] = [recorded[r]!, found[f]!];
    if (recorded[r + 1] === actual && found[f + 1] === expected) {
      faults.push({ kind: 'swapped', line: f + 1 });
      r += 2;
      f += 2;
      continue;
    }
    // The nearer place at which the two meet again tells what lies between.
    const lost = distance(places.inRecord(actual), r);
    const foreign = distance(places.inFile(expected), f);
    if (lost === undefined && foreign === undefined) {
      faults.push({ kind: 'changed', line: f + 1 });
      r++;
      f++;
    } else if (foreign === undefined || (lost !== undefined && lost <= foreign)) {
      faults.push({ kind: 'lost', line: f + 1, count: lost! });
      r += lost!;
    } else {
      for (const end = f + foreign; f < end; f++) faults.push(extra(found, f));
    }
  }
  if (r < recorded.length) faults.push({ kind: 'lost', line: found.length + 1, count: recorded.length - r });
  return faults;
}

/** Describes a line that the record does not have at this position: a repeated earlier line, or a foreign line. */
function extra(found: BigUint64Array, at: number): LineFault {
  const of = found.indexOf(found[at]!);
  return of < at ? { kind: 'repeated', line: at + 1, of: of + 1 } : { kind: 'foreign', line: at + 1 };
}

/** The distance from `from` to the first of the ascending `places` that is not before `from`. */
function distance(places: readonly number[] | undefined, from: number): number | undefined {
  const place = places?.find((each) => each >= from);
  return place === undefined ? undefined : place - from;
}

/**
 * Finds the positions of lines by checksum. The index of positions is made at the first difference, because an intact
 * file needs no index.
 */
function createPlaces(recorded: BigUint64Array, found: BigUint64Array) {
  const lookUp = (sums: BigUint64Array) => {
    let places: Map<bigint, number[]> | undefined;
    return (sum: bigint) => {
      places ??= placesOf(sums);
      return places.get(sum);
    };
  };
  return { inRecord: lookUp(recorded), inFile: lookUp(found) };
}

function placesOf(sums: BigUint64Array): Map<bigint, number[]> {
  const places = new Map<bigint, number[]>();
  sums.forEach((sum, place) => {
    const known = places.get(sum);
    if (known) known.push(place);
    else places.set(sum, [place]);
  });
  return places;
}
