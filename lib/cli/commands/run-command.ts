import type { ExitCode } from '../exit-code.js';
import type { Output } from '../output/output.js';

/** Makes a commander action: gives it where to write, and makes its result the exit code. */
export type RunCommand = (action: (output: Output) => ExitCode | Promise<ExitCode>) => () => Promise<void>;
