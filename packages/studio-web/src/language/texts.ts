/** The type of a language's table: as English, in other words. */
import type { english } from './english.ts';

type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };

/** The texts of the raters' pages. */
export type Texts = Widened<typeof english>;
