import type { Candidate, Fault, VerifyCause } from './fault.js';

const COPY_AGAIN = 'Set the bare secret, from whsec_ to its last letter, and nothing around it.';

interface Slip {
  readonly cause: VerifyCause;
  readonly message: string;
  readonly remedy?: string;
  /** The secret without the slip, or the same text where there is none. */
  undo(secret: string): string;
}

/** What happens to secrets between the dashboard and the process. */
const SLIPS: readonly Slip[] = [
  {
    cause: 'secret_whitespace',
    message: 'The secret ends with a line break, as the content of a file or a piped echo does.',
    remedy: 'Trim what you read: readFileSync(…, "utf8").trim(), or printf instead of echo.',
    undo: (secret) => secret.replace(/[\r\n]+$/, ''),
  },
  {
    cause: 'secret_whitespace',
    message: 'The secret ends with a line break that is written out as a backslash and an n.',
    undo: (secret) => secret.replace(/(?:\\r)?\\n$/, ''),
  },
  {
    cause: 'secret_whitespace',
    message: 'The secret has white space around it.',
    undo: (secret) => secret.trim(),
  },
  {
    cause: 'secret_whitespace',
    message: 'The secret has white space or invisible letters inside it.',
    undo: (secret) => secret.replace(/[\s\u200b-\u200d\u2060\ufeff]+/g, ''),
  },
  {
    cause: 'secret_quoted',
    message: 'The secret has quotes around it, which became part of it.',
    remedy: 'Leave the quotes away: docker --env-file, systemd and CI variables take them literally.',
    undo: (secret) => secret.trim().replace(/^["'`“‘„]+|["'`”’“]+[,;]?$/g, ''),
  },
  {
    cause: 'secret_pasted_line',
    message: 'The secret is a whole line of an .env file, the name of the variable included.',
    undo: (secret) => secret.trim().replace(/^(?:export\s+)?[A-Za-z_]\w*=["']?|["']$/g, ''),
  },
  {
    cause: 'secret_encoding',
    message: 'The secret is percent-encoded.',
    undo: (secret) =>
      /%[0-9a-f]{2}/i.test(secret) ? tryTo(() => decodeURIComponent(secret), secret) : secret,
  },
  {
    cause: 'secret_encoding',
    message: 'The secret is base64 once more, as the data of a Kubernetes Secret is.',
    undo: (secret) => {
      const decoded = Buffer.from(secret, 'base64').toString('utf8').trim();
      return /^[\x21-\x7e]+$/.test(decoded) ? decoded : secret;
    },
  },
  {
    // https://github.com/standard-webhooks/standard-webhooks/issues/235
    cause: 'secret_prefix',
    message: 'The secret has a version (v1,) before whsec_, which only signatures have.',
    undo: (secret) => secret.trim().replace(/^v\d\w?,(?=whsec_)/, ''),
  },
  {
    cause: 'secret_prefix',
    message: 'The secret begins with whsec_ twice.',
    undo: (secret) => secret.trim().replace(/^(?:whsec_){2,}/, 'whsec_'),
  },
  {
    cause: 'secret_prefix',
    message: 'The prefix of the secret is not written whsec_.',
    undo: (secret) =>
      secret.startsWith('whsec_') ? secret : secret.trim().replace(/^whsec[_:\- ]?/i, 'whsec_'),
  },
];

/** The secret with one slip undone, or two, where there are any. */
export function textRepairs(secret: string): Candidate<string>[] {
  const once = undoEach({ value: secret, faults: [] });
  const repaired = [...once, ...once.flatMap(undoEach)];
  return repaired.filter(
    ({ value }, index) => repaired.findIndex((other) => other.value === value) === index,
  );
}

function undoEach({ value, faults }: Candidate<string>): Candidate<string>[] {
  return SLIPS.flatMap((slip) => {
    const undone = slip.undo(value);
    return undone === value || undone === '' ? [] : [{ value: undone, faults: [...faults, faultOf(slip)] }];
  });
}

function faultOf({ cause, message, remedy = COPY_AGAIN }: Slip): Fault {
  return { cause, message, remedy };
}

function tryTo<T>(attempt: () => T, otherwise: T): T {
  try {
    return attempt();
  } catch {
    return otherwise;
  }
}
