/**
 * Builds stub libraries that stand for NVIDIA's: enough for ONNX Runtime's CUDA provider to load, to place nodes and to
 * run through a graph without a GPU. The provider's own symbol table says which functions there must be. They return
 * 0; those that must answer are in the C files here. Needs gcc and nm.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Calls that start work on a device, by their names. */
const WORK =
  /[gG]emm|geam|Matmul$|MatrixTransform$|[DS]copy|[DS]scal|getr[fi]Batched|^cudnn(?!Get|Find).*(Forward|Execute|ReduceTensor|AddTensor)/;

interface Stub {
  readonly soname: string;
  /** The C file with the functions that must answer. */
  readonly source?: string;
  /** Names and counts the calls that start work. */
  readonly counter?: string;
}

const STUBS: readonly Stub[] = [
  { soname: 'libcudart.so.13', source: 'runtime.c' },
  { soname: 'libcublas.so.13', source: 'cublas.c', counter: 'heed_stub_cublas_calls' },
  { soname: 'libcublasLt.so.13', source: 'cublaslt.c', counter: 'heed_stub_cublaslt_calls' },
  { soname: 'libcurand.so.10' },
  { soname: 'libcudnn.so.9', source: 'cudnn.c', counter: 'heed_stub_cudnn_calls' },
];

/** Writes the stubs that `provider` asks for into `libraries`, and the driver's into `driver`. */
export function writeStubs(provider: string, { libraries, driver }: { libraries: string; driver: string }): void {
  const symbols = execFileSync('nm', ['-D', '--undefined-only', '--with-symbol-versions', provider], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  }).split('\n');
  const wantedOf = (soname: string) =>
    symbols.flatMap((line) => new RegExp(` U (\\w+)@${soname.replaceAll('.', '\\.')}$`).exec(line)?.slice(1) ?? []);
  for (const stub of STUBS) {
    const names = stub.soname.startsWith('libcudnn') ? namesInside(provider, 'cudnn') : wantedOf(stub.soname);
    compile(libraries, stub, names);
  }
  const unversioned = symbols.flatMap((line) => / U (cu[A-Z]\w+)$/.exec(line)?.slice(1) ?? []);
  compile(driver, { soname: 'libcuda.so.1', source: 'driver.c' }, unversioned);
}

/** Functions that are looked up by name at run time: strings of the file. */
function namesInside(file: string, prefix: string): string[] {
  const text = readFileSync(file).toString('latin1');
  return [...new Set(text.match(new RegExp(`(?<=\\0)${prefix}[A-Z]\\w+(?=\\0)`, 'g')) ?? [])];
}

function compile(folder: string, { soname, source, counter }: Stub, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  // Weak, so that a function of the C file takes the place of the one that is written here.
  const written = names.map((name) => {
    const count = counter !== undefined && WORK.test(name) ? `${counter}_++; ` : '';
    return `__attribute__((weak)) long ${name}(void) { ${count}return 0; }`;
  });
  const counting =
    counter === undefined ? [] : [`static long ${counter}_;`, `long ${counter}(void) { return ${counter}_; }`];
  const generated = join(folder, `${soname}.c`);
  const versions = join(folder, `${soname}.map`);
  writeFileSync(generated, `${[...counting, ...written].join('\n')}\n`);
  writeFileSync(versions, `${soname} { global: *; };\n`);
  execFileSync('gcc', [
    ...['-shared', '-fPIC', '-O1', '-fno-builtin', '-o', join(folder, soname)],
    ...[`-Wl,-soname,${soname}`, `-Wl,--version-script,${versions}`, generated],
    ...(source === undefined ? [] : [join(here, source)]),
  ]);
}
