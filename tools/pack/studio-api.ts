/**
 * The package @heed/studio-api: the declarations of the studio's API, and of those that they refer to only what is
 * used.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** The app's type is what its maker returns; the maker's parameters would bring the whole server along. */
const APP = /export declare function createApp\([^)]*\): ([\s\S]*?);\n(\/\*\*.*\*\/\n)export type StudioApp = [^;]*;/;

/** A declaration file, taken apart into its top-level statements. */
interface Declarations {
  readonly source: ts.SourceFile;
  /** Statements by the name that they declare; an overloaded function has several. */
  readonly statements: ReadonlyMap<string, readonly ts.Statement[]>;
  /** By local name: what an import brings. */
  readonly imports: ReadonlyMap<string, Reference>;
  /** By exported name: what is exported from another file. */
  readonly reexports: ReadonlyMap<string, Reference>;
}

interface Reference {
  readonly specifier: string;
  readonly name: string;
}

/**
 * Writes into `folder`/dist what is reachable from `heed/src/studio/api.d.ts` in `compiled`. Throws where that needs
 * another package than hono.
 */
export async function stageStudioApi(compiled: string, folder: string): Promise<void> {
  const root = join(compiled, 'heed', 'src');
  const entry = join(root, 'studio', 'api.d.ts');
  const files = new Map<string, Declarations>();
  const used = new Map<string, Set<string>>();
  /** By name: a file that takes types of it. */
  const packages = new Map<string, string>();
  const waiting: { path: string; name: string }[] = [];
  const need = (from: string, { specifier, name }: Reference) => {
    if (!specifier.startsWith('.')) packages.set(packageOf(specifier), relative(root, from));
    else waiting.push({ path: join(dirname(from), specifier.replace(/\.js$/, '.d.ts')), name });
  };
  const open = async (path: string) => {
    const known = files.get(path);
    if (known) return known;
    const opened = readDeclarations(path, await readFile(path, 'utf8'));
    files.set(path, opened);
    return opened;
  };
  for (const name of (await open(entry)).reexports.keys()) waiting.push({ path: entry, name });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, name } = next;
    const names = used.get(path) ?? new Set();
    if (names.has(name)) continue;
    used.set(path, names.add(name));
    const { statements, imports, reexports } = await open(path);
    const reference = reexports.get(name) ?? imports.get(name);
    if (reference) need(path, reference);
    else if (!statements.has(name)) throw new Error(`${path}: expected a declaration of ${name}, found none`);
    for (const statement of statements.get(name) ?? []) {
      for (const inner of namesIn(statement)) {
        if (typeof inner !== 'string') need(path, inner);
        else if (statements.has(inner) || imports.has(inner)) waiting.push({ path, name: inner });
      }
    }
  }
  for (const [path, names] of used) {
    const target = join(folder, 'dist', relative(root, path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, textOf(files.get(path)!, names));
  }
  await writeFile(join(folder, 'dist', 'index.d.ts'), "export type * from './studio/api.js';\n");
  await writeFile(join(folder, 'dist', 'index.js'), 'export {};\n');
  // The routes' types are structural, so that a client needs hono's types alone. More would be the server's own parts.
  for (const [name, from] of packages) {
    if (name !== 'hono') throw new Error(`@heed/studio-api: expected types of hono alone, got ${name}'s in ${from}`);
  }
}

function readDeclarations(path: string, text: string): Declarations {
  const source = ts.createSourceFile(
    path,
    text.replace(APP, '$2export type StudioApp = $1;'),
    ts.ScriptTarget.ES2023,
    true,
  );
  const statements = new Map<string, ts.Statement[]>();
  const imports = new Map<string, Reference>();
  const reexports = new Map<string, Reference>();
  for (const statement of source.statements) {
    const add = (name: string) => statements.set(name, [...(statements.get(name) ?? []), statement]);
    if (ts.isImportDeclaration(statement)) {
      const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
      const bindings = statement.importClause?.namedBindings;
      if (!bindings || !ts.isNamedImports(bindings)) continue;
      for (const { name, propertyName } of bindings.elements) {
        imports.set(name.text, { specifier, name: (propertyName ?? name).text });
      }
    } else if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    ) {
      const specifier = (statement.moduleSpecifier as ts.StringLiteral | undefined)?.text;
      for (const { name, propertyName } of statement.exportClause.elements) {
        if (specifier) reexports.set(name.text, { specifier, name: (propertyName ?? name).text });
      }
    } else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) add(name.getText(source));
    } else if ('name' in statement) add((statement.name as ts.Identifier).text);
  }
  return { source, statements, imports, reexports };
}

/** Identifiers in a statement, and the types that it takes by `import('...')`. */
function namesIn(statement: ts.Statement): (string | Reference)[] {
  const names: (string | Reference)[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && node.qualifier) {
      let first: ts.EntityName = node.qualifier;
      while (ts.isQualifiedName(first)) first = first.left;
      names.push({ specifier: (node.argument.literal as ts.StringLiteral).text, name: first.text });
      node.typeArguments?.forEach(visit);
      return;
    }
    if (ts.isIdentifier(node)) names.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return names;
}

/** The file with only the used names. */
function textOf({ source, statements, imports, reexports }: Declarations, names: ReadonlySet<string>): string {
  const lines: string[] = [];
  for (const name of names) {
    const reexport = reexports.get(name);
    const imported = imports.get(name);
    if (reexport) lines.push(`export type { ${renamed(reexport, name)} } from '${reexport.specifier}';`);
    else if (imported) lines.push(`import type { ${renamed(imported, name)} } from '${imported.specifier}';`);
  }
  const kept = new Set([...names].flatMap((name) => statements.get(name) ?? []));
  const texts = source.statements
    .filter((statement) => kept.has(statement))
    .map((statement) => statement.getFullText());
  return `${[...lines, ...texts.map((text) => text.trim()), 'export {};'].join('\n')}\n`;
}

function renamed(reference: Reference, local: string): string {
  return reference.name === local ? local : `${reference.name} as ${local}`;
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}
