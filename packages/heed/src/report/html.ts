/** Builds HTML strings safely: every value in a template is escaped unless it is markup. No DOM. */

/** Text known to be markup. */
export interface Markup {
  readonly markup: string;
}

type Piece = Markup | string | number | undefined | readonly Piece[];

/**
 * A template tag: html`<p>${anything}</p>`. Inserts values into a template: markup and lists of markup unchanged, all
 * other values escaped.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  let markup = strings[0]!;
  values.forEach((value, index) => {
    markup += render(value) + strings[index + 1]!;
  });
  return { markup };
}

/** Marks a string as markup. Use it only for strings that this program made, such as the SVG of a chart. */
export function raw(markup: string): Markup {
  return { markup };
}

/** Makes text safe inside elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function render(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  return 'markup' in piece ? piece.markup : piece.map(render).join('');
}
