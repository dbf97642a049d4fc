import { readdirSync, readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import ts from 'typescript'

/** One import or re-export of a source file. */
export interface Import {
  /** As written: a relative path or an outside package. */
  readonly specifier: string
  /** The imported file, relative to src; undefined for an outside package. */
  readonly file: string | undefined
  /** Erased at run time. */
  readonly typeOnly: boolean
}

export interface SourceFile {
  /** Relative to src. */
  readonly name: string
  readonly lines: number
  readonly imports: readonly Import[]
  /** Lines on which the keyword `any` is used as a type. */
  readonly anyLines: readonly number[]
  /** Lines on which the identifier `Buffer` is used as a value or a type. */
  readonly bufferLines: readonly number[]
  /** Lines on which a static member of AbortSignal is used. */
  readonly signalLines: readonly number[]
}

const ROOT = new URL('../../src/', import.meta.url)

/** Every file of src, read through the compiler's own parser. */
export function sourceFiles(): readonly SourceFile[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .toSorted()
    .map(read)
}

function read(name: string): SourceFile {
  const text = readFileSync(new URL(name, ROOT), 'utf8')
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const imports: Import[] = []
  const anyLines: number[] = []
  const bufferLines: number[] = []
  const signalLines: number[] = []
  const line = (node: ts.Node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
  const add = (specifier: string, typeOnly: boolean) =>
    imports.push({ specifier, file: resolve(name, specifier), typeOnly })

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, node.isTypeOnly)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments
      add(target && ts.isStringLiteral(target) ? target.text : '(computed)', false)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node.argument.literal.text, true)
    } else if (node.kind === ts.SyntaxKind.AnyKeyword) {
      anyLines.push(line(node))
    } else if (ts.isIdentifier(node) && node.text === 'Buffer') {
      bufferLines.push(line(node))
    } else if (ts.isPropertyAccessExpression(node) && node.expression.getText(tree) === 'AbortSignal') {
      signalLines.push(line(node))
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return { name, lines: text.split('\n').length, imports, anyLines, bufferLines, signalLines }
}

function resolve(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(dirname(from), specifier)) : undefined
}
