import { CliError } from '../cli.error.js';
import { readTextFile } from './read-file.js';

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
}

/** All secrets that were given, the one that counts first. */
export function givenSecrets({ secret, secretFile }: SecretOptions, env = process.env): GivenSecret[] {
  const given: GivenSecret[] = [];
  if (secret !== undefined) {
    given.push({ value: secret, from: '--secret' });
  }
  if (secretFile !== undefined) {
    const text = readTextFile(secretFile, '--secret-file');
    const value = text.replace(/\r?\n$/, '');
    given.push({ value, from: '--secret-file', endsWithNewline: value !== text });
  }
  const variable = env[ENVIRONMENT_VARIABLE];
  if (variable !== undefined) {
    given.push({ value: variable, from: ENVIRONMENT_VARIABLE });
  }
  return given;
}

/** @throws CliError `no_secret` */
export function requireSecret(options: SecretOptions): GivenSecret {
  const [secret] = givenSecrets(options);
  if (!secret) {
    throw new CliError(
      'no_secret',
      `There is no secret to work with: set ${ENVIRONMENT_VARIABLE}, or name a file with --secret-file.`,
    );
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
