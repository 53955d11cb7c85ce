/** The comments of a TypeScript file, each with its first line, as Markdown. */
import ts from 'typescript';

export interface Comment {
  /** From 1, in the file. */
  readonly line: number;
  /** Without its marks; as many lines as in the file. */
  readonly text: string;
  /** Whether it begins with two stars. */
  readonly isDocstring: boolean;
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/** Single-line comments that follow each other on separate lines count as one. */
export function commentsOf(source: string, path: string): Comment[] {
  const code = withoutTexts(source, path);
  const comments: { first: number; last: number; joins: boolean; isDocstring: boolean; text: string }[] = [];
  let line = 1;
  let seen = 0;
  for (const { 0: comment, index } of code.matchAll(COMMENT)) {
    line += newLines(code.slice(seen, index));
    seen = index;
    const startsLine = code.slice(code.lastIndexOf('\n', index - 1) + 1, index).trim() === '';
    const joins = comment.startsWith('//') && startsLine;
    const before = comments.at(-1);
    const text = withoutMarks(comment);
    if (joins && before?.joins && before.last + 1 === line) {
      before.text += `\n${text}`;
      before.last = line;
    } else {
      const isDocstring = comment.startsWith('/**');
      comments.push({ first: line, last: line + newLines(comment), joins, isDocstring, text });
    }
  }
  return comments.map(({ first, text, isDocstring }) => ({ line: first, text, isDocstring }));
}

/** The source with blanks in place of strings, templates, patterns and page texts, which may look like comments. */
function withoutTexts(source: string, path: string): string {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest);
  let code = '';
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const start = Math.max(node.getStart(file), code.length);
      code += source.slice(code.length, start) + source.slice(start, node.end).replace(/[^\n]/g, ' ');
    } else ts.forEachChild(node, visit);
  };
  visit(file);
  return code + source.slice(code.length);
}

function isText(node: ts.Node): boolean {
  const isTemplatePart = ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
  return isTemplatePart || ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node) || ts.isJsxText(node);
}

function newLines(text: string): number {
  return text.split('\n').length - 1;
}

function withoutMarks(comment: string): string {
  if (comment.startsWith('//')) return comment.replace(/^\/\/+ ?/, '');
  const inner = comment.replace(/^\/\*+ ?/, '').replace(/\s*\*+\/$/, '');
  return inner
    .split('\n')
    .map((line, i) => (i === 0 ? line : line.replace(/^\s*\*? ?/, '')))
    .join('\n');
}
