import { parseEnv } from 'node:util';
import { inspectSecret } from '../../signature/webhook-secret.js';
import type { WebhookScheme } from '../../signature/webhook-scheme.js';
import { CliError } from '../cli.error.js';
import type { Output } from '../output/output.js';
import { READ_LIMITS, readUtf8 } from './read-file.js';

const VARIABLE = 'SCALEKIT_WEBHOOK_SECRET';
const ENV_FILE = '.env';

export interface SecretOptions {
  readonly secret?: string;
  readonly secretFile?: string;
  readonly envFile?: string;
}

export interface GivenSecret {
  readonly value: string;
  /** Where it comes from, such as `--secret`. This may be shown, the secret never. */
  readonly from: string;
  /** The last line end of a file is not part of the secret, but an app may read it as one. */
  readonly endsWithNewline?: boolean;
}

/** All secrets that are given: by option, by environment variable, by env file. The first one counts. */
export async function givenSecrets(options: SecretOptions, env = process.env): Promise<GivenSecret[]> {
  const { secret, secretFile } = options;
  const given: GivenSecret[] = [];
  if (secret !== undefined) {
    given.push({ value: secret, from: '--secret' });
  }
  if (secretFile !== undefined) {
    const text = String(await readUtf8(secretFile, 'the file of --secret-file', READ_LIMITS.secret));
    const value = text.replace(/\r?\n$/, '');
    given.push({ value, from: '--secret-file', endsWithNewline: value !== text });
  }
  const inFile = (await readEnvFile(options, given.length > 0 || env[VARIABLE] !== undefined))[VARIABLE];
  const variable = env[VARIABLE];
  // Node reads --env-file of any program into the environment, too.
  if (variable !== undefined && variable !== inFile) {
    given.push({ value: variable, from: `the environment variable ${VARIABLE}` });
  }
  if (inFile !== undefined) {
    given.push({ value: inFile, from: `${VARIABLE} in ${options.envFile ?? ENV_FILE}` });
  }
  return given;
}

/**
 * The variables of --env-file, or of `.env` where there is one.
 *
 * @param isOptional ignores a `.env` that can't be read
 * @throws CliError `bad_input`
 */
async function readEnvFile(
  { envFile }: Pick<SecretOptions, 'envFile'>,
  isOptional: boolean,
): Promise<NodeJS.Dict<string>> {
  if (envFile !== undefined) {
    return parseEnv(String(await readUtf8(envFile, 'the file of --env-file')));
  }
  try {
    return parseEnv(String(await readUtf8(ENV_FILE, ENV_FILE)));
  } catch (error) {
    if (isOptional || !(error instanceof CliError) || !error.message.includes('UTF-16')) {
      return {}; // No such file, or the folder of a Python environment.
    }
    throw error;
  }
}

/** The environment; what it lacks is taken from the env file. */
export async function readEnvironment(
  options: Pick<SecretOptions, 'envFile'>,
  env = process.env,
): Promise<NodeJS.Dict<string>> {
  return { ...(await readEnvFile(options, true)), ...env };
}

/** The PORT of the environment, else of the env file, and where it comes from. */
export async function givenPort(
  options: Pick<SecretOptions, 'envFile'>,
  env = process.env,
): Promise<{ readonly port: string; readonly from: string } | undefined> {
  const inFile = (await readEnvFile(options, true)).PORT;
  const port = env.PORT ?? inFile;
  const from =
    env.PORT === undefined ? `PORT in ${options.envFile ?? ENV_FILE}` : 'the environment variable PORT';
  return port !== undefined && /^\d{1,5}$/.test(port) ? { port, from } : undefined;
}

/**
 * The secret that counts. Says on standard error where it comes from, unless an option names it.
 *
 * @throws CliError `invalid_secret` for a placeholder or another unusable one, `bad_input` for a file in UTF-16
 */
export async function firstSecret(
  options: SecretOptions,
  schemes: readonly WebhookScheme[],
  output: Output,
): Promise<string | undefined> {
  const secrets = await givenSecrets(options);
  secrets.forEach(({ value }) => output.keepSecret(value));
  const [secret, other] = secrets;
  if (!secret) {
    return undefined;
  }
  const { value, from } = secret;
  const { problem } = inspectSecret(value, schemes);
  if (problem !== undefined) {
    throw new CliError('invalid_secret', `The secret of ${from} can't be used. ${problem}`);
  }
  if (!from.startsWith('--')) {
    const differs =
      other && other.value !== value ? `; the one of ${other.from} is another, and not used` : '';
    output.error(`Secret: ${from}${differs}`);
  }
  return value;
}

/** @throws CliError `no_secret`, and as {@link firstSecret} */
export async function requireSecret(
  options: SecretOptions,
  schemes: readonly WebhookScheme[],
  output: Output,
): Promise<string> {
  return (await firstSecret(options, schemes, output)) ?? noSecret();
}

export function noSecret(): never {
  throw new CliError(
    'no_secret',
    `There is no secret: set ${VARIABLE}, in ${ENV_FILE} or in the environment, or name a file with --secret-file.`,
  );
}

/** Secrets that are known before the options are parsed: errors of the parser must not show them either. */
export function knownSecrets(argv: readonly string[], env = process.env): string[] {
  const inline = argv.flatMap((argument, index) => {
    const [, value] = /^--secret=([^]*)$/.exec(argument) ?? [];
    return value ?? (argument === '--secret' ? (argv[index + 1] ?? []) : []);
  });
  return [...inline, ...[env[VARIABLE]].filter((value) => value !== undefined)];
}
