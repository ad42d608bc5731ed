import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replaceAll('\\', '/');

interface CheckedFile {
  readonly program: ts.Program;
  readonly file: ts.SourceFile;
}

/**
 * Compiles a file that exists for the compiler only, with this project's own options. There `nestjs-scalekit-webhooks`
 * is the source, not the last build.
 */
export function programOf(path: string, text: string): CheckedFile {
  const options = compilerOptions();
  const name = ROOT + path;
  const disk = ts.createCompilerHost(options, true);
  const sourceFile = (languageVersion: ts.ScriptTarget | ts.CreateSourceFileOptions) =>
    ts.createSourceFile(name, text, languageVersion, true);
  const program = ts.createProgram([name], options, {
    ...disk,
    fileExists: (each) => each === name || disk.fileExists(each),
    readFile: (each) => (each === name ? text : disk.readFile(each)),
    getSourceFile: (each, language, ...rest) =>
      each === name ? sourceFile(language) : disk.getSourceFile(each, language, ...rest),
  });

  const file = program.getSourceFile(name);
  if (!file) throw new Error(`The compiler lost ${name}.`);
  return { program, file };
}

/** What the compiler says of the file, one text for each mistake. */
export function diagnosticsOf({ program, file }: CheckedFile): string[] {
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}

/** An editor with that one file open: give it a text and a place in it, and get what it offers there. */
export function openEditor(path: string): (text: string, at: number) => string[] {
  const name = ROOT + path;
  const options = compilerOptions();
  let text = '';
  let version = 0;
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [name],
    getScriptVersion: (each) => (each === name ? String(version) : '0'),
    getScriptSnapshot: (each) => {
      const content = each === name ? text : ts.sys.readFile(each);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: (each) => ts.getDefaultLibFilePath(each),
    fileExists: (each) => each === name || ts.sys.fileExists(each),
    readFile: (each) => (each === name ? text : ts.sys.readFile(each)),
    directoryExists: (each) => ts.sys.directoryExists(each),
    getDirectories: (each) => ts.sys.getDirectories(each),
  });
  return (written, at) => {
    text = written;
    version++;
    return service.getCompletionsAtPosition(name, at, {})?.entries.map((entry) => entry.name) ?? [];
  };
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (each) => ts.sys.readFile(each)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  return { ...options, paths: { 'nestjs-scalekit-webhooks': [`${ROOT}test/types/api.ts`] } };
}
