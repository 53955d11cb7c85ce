/**
 * Parses the owner's guidelines, markdown without HTML, into blocks that pages draw. A separate line with an image of
 * the project, `![good](images/ab/ab....png "why")`, is an example of a good or bad image. HTML is shown as text; other
 * images and addresses are left out.
 */
import { marked, type Token, type Tokens } from 'marked';

export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly children: readonly Inline[] }
  | { readonly kind: 'break' };

export interface Example {
  readonly verdict: 'good' | 'bad';
  /** Id in the image store. */
  readonly image: string;
  readonly why: string;
}

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly items: readonly (readonly Block[])[] }
  | { readonly kind: 'quote'; readonly children: readonly Block[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'examples'; readonly examples: readonly Example[] };

/** Pattern of an image's path relative to the project's folder. */
const IMAGE_PATH = /^images\/[0-9a-f]{2}\/([0-9a-f]{16})\.png$/;
const VERDICTS = { good: 'good', bad: 'bad' } as const;
/** The deepest nesting of markdown; deeper text is shown flat, because every level costs stack space. */
const MAX_DEPTH = 8;

/** Parses the text and never throws; text that cannot be parsed becomes one paragraph. */
export function parseGuidelines(text: string): Block[] {
  try {
    return blocksOf(marked.lexer(text, { gfm: true }), 0);
  } catch {
    return [{ kind: 'paragraph', children: [{ kind: 'text', text }] }];
  }
}

/** Formats an example as a line of markdown. */
export function exampleLine({ verdict, image, why }: Example): string {
  const title = why === '' ? '' : ` "${why.replaceAll('"', '”').replaceAll('\n', ' ')}"`;
  return `![${verdict}](images/${image.slice(0, 2)}/${image}.png${title})`;
}

function blocksOf(tokens: readonly Token[], depth: number): Block[] {
  if (depth > MAX_DEPTH) return [{ kind: 'paragraph', children: [{ kind: 'text', text: rawOf(tokens) }] }];
  return tokens.flatMap((token) => blockOf(token, depth));
}

function blockOf(token: Token, depth: number): Block[] {
  switch (token.type) {
    case 'space':
    case 'def':
      return [];
    case 'hr':
      return [{ kind: 'rule' }];
    case 'code':
      return [{ kind: 'code', text: (token as Tokens.Code).text }];
    case 'heading': {
      const { depth: level, tokens } = token as Tokens.Heading;
      return [{ kind: 'heading', level, children: inlinesOf(tokens, depth) }];
    }
    case 'blockquote':
      return [{ kind: 'quote', children: blocksOf((token as Tokens.Blockquote).tokens, depth + 1) }];
    case 'list': {
      const { ordered, items } = token as Tokens.List;
      return [{ kind: 'list', isOrdered: ordered, items: items.map((item) => blocksOf(item.tokens, depth + 1)) }];
    }
    case 'paragraph':
    case 'text':
      return paragraphOf((token as Tokens.Paragraph).tokens ?? [token], depth);
    default:
      // Tables and HTML are shown as they were written.
      return [{ kind: 'paragraph', children: [{ kind: 'text', text: token.raw.trim() }] }];
  }
}

/** Builds a paragraph; the example images in the paragraph are placed below its text. */
function paragraphOf(tokens: readonly Token[], depth: number): Block[] {
  const children = inlinesOf(
    tokens.filter(({ type }) => type !== 'image'),
    depth,
  );
  const examples = tokens.flatMap((token) => (token.type === 'image' ? exampleOf(token as Tokens.Image) : []));
  const hasWords = children.some(
    (child) => child.kind !== 'break' && !(child.kind === 'text' && child.text.trim() === ''),
  );
  return [
    ...(hasWords ? [{ kind: 'paragraph', children } as const] : []),
    ...(examples.length > 0 ? [{ kind: 'examples', examples } as const] : []),
  ];
}

function exampleOf({ href, text, title }: Tokens.Image): Example[] {
  const image = IMAGE_PATH.exec(href)?.[1];
  const verdict = text.trim().toLowerCase();
  if (image === undefined || !Object.hasOwn(VERDICTS, verdict)) return [];
  return [{ verdict: VERDICTS[verdict as keyof typeof VERDICTS], image, why: title ?? '' }];
}

function inlinesOf(tokens: readonly Token[], depth: number): Inline[] {
  if (depth > MAX_DEPTH) return [{ kind: 'text', text: rawOf(tokens) }];
  return tokens.flatMap((token): Inline[] => {
    const children = () => inlinesOf((token as Tokens.Strong).tokens, depth + 1);
    switch (token.type) {
      case 'strong':
        return [{ kind: 'strong', children: children() }];
      case 'em':
        return [{ kind: 'emphasis', children: children() }];
      case 'codespan':
        return [{ kind: 'code', text: (token as Tokens.Codespan).text }];
      case 'br':
        return [{ kind: 'break' }];
      case 'image':
        return [];
      case 'link': {
        const { href } = token as Tokens.Link;
        return href.startsWith('https://') ? [{ kind: 'link', href, children: children() }] : children();
      }
      case 'escape':
        return [{ kind: 'text', text: (token as Tokens.Escape).text }];
      case 'text': {
        const { tokens: inner, text } = token as Tokens.Text;
        return inner ? inlinesOf(inner, depth + 1) : [{ kind: 'text', text }];
      }
      default:
        return [{ kind: 'text', text: token.raw }];
    }
  });
}

function rawOf(tokens: readonly Token[]): string {
  return tokens.map(({ raw }) => raw).join('');
}
