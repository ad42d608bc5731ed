import { CliError } from '../cli.error.js';
import { READ_LIMITS, readBytes } from './read-file.js';
import { decodeUtf16, UTF16_CURE } from './utf16.js';

const ENVIRONMENT_VARIABLE = 'SCALEKIT_WEBHOOK_SECRET';

export interface SecretOptions {
  readonly secret?: string;
  readonly secretFile?: string;
}

export interface GivenSecret {
  readonly value: string;
  /** `--secret`, `--secret-file` or the variable's name: what may be shown of it. */
  readonly from: string;
  /** The last line of a text file ends, too: that newline is no part of the secret, but an app may take it for one. */
  readonly endsWithNewline?: boolean;
  /** The file is UTF-16. The secret is decoded here, but an app that reads UTF-8 gets another one. */
  readonly isUtf16?: boolean;
}

/** All secrets that were given, the one that counts first. */
export async function givenSecrets(
  { secret, secretFile }: SecretOptions,
  env = process.env,
): Promise<GivenSecret[]> {
  const given: GivenSecret[] = [];
  if (secret !== undefined) {
    given.push({ value: secret, from: '--secret' });
  }
  if (secretFile !== undefined) {
    const bytes = await readBytes(secretFile, '--secret-file', READ_LIMITS.secret);
    const utf16 = decodeUtf16(bytes);
    const text = utf16 ?? bytes.toString('utf8');
    const value = text.replace(/\r?\n$/, '');
    given.push({
      value,
      from: '--secret-file',
      endsWithNewline: value !== text,
      isUtf16: utf16 !== undefined,
    });
  }
  const variable = env[ENVIRONMENT_VARIABLE];
  if (variable !== undefined) {
    given.push({ value: variable, from: ENVIRONMENT_VARIABLE });
  }
  return given;
}

/** @throws CliError `no_secret` */
export async function requireSecret(options: SecretOptions): Promise<GivenSecret> {
  const secret = await firstSecret(options);
  if (!secret) {
    throw new CliError(
      'no_secret',
      `There is no secret to work with: set ${ENVIRONMENT_VARIABLE}, or name a file with --secret-file.`,
    );
  }
  return secret;
}

/** @throws CliError `bad_input` for a file in UTF-16 */
export async function firstSecret(options: SecretOptions): Promise<GivenSecret | undefined> {
  const [secret] = await givenSecrets(options);
  if (secret?.isUtf16) {
    throw new CliError('bad_input', `The file of ${secret.from} is UTF-16. ${UTF16_CURE}`);
  }
  return secret;
}

/** Secrets that lie about before any option is understood: they must not come up in an error either. */
export function knownSecrets(argv: readonly string[], env = process.env): string[] {
  const inline = argv.flatMap((argument, index) => {
    const [, value] = /^--secret=([^]*)$/.exec(argument) ?? [];
    return value ?? (argument === '--secret' ? (argv[index + 1] ?? []) : []);
  });
  return [...inline, ...[env[ENVIRONMENT_VARIABLE]].filter((value) => value !== undefined)];
}
