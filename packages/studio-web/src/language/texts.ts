/** The type of a language's table of texts: the same keys as the English table, with other strings. */
import type { english } from './english.ts';

type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };

/** The type of a table with all texts of the raters' pages in one language. */
export type Texts = Widened<typeof english>;
