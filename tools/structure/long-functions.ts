/** Finds functions that are longer than the project allows (CONTRIBUTING.md). Tests may have longer ones. */
import ts from 'typescript';

export interface LongFunction {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly name: string;
  /** From its first line to its last. */
  readonly lines: number;
}

/** The functions of a source with more than `maxLines` lines. Functions inside count as lines of the outer one. */
export function findLongFunctions(
  path: string,
  text: string,
  { maxLines }: { maxLines: number },
): readonly LongFunction[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found: LongFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const line = lineOf(node.getStart(source));
      const lines = lineOf(node.end) - line + 1;
      if (lines > maxLines) found.push({ line, name: nameOf(node, source), lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: ts.SignatureDeclaration, source: ts.SourceFile): string {
  if (node.name) return node.name.getText(source);
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText(source) : 'a function without a name';
}
