import type { GivenSecret } from '../input/secret.js';
import { UTF16_CURE } from '../input/read-file.js';
import { type Candidate, type Fault, fault, type VerifyCause } from './fault.js';

const COPY_AGAIN = 'Set the bare secret, from whsec_ to its last letter, and nothing around it.';

export const UTF16_SECRET: Fault = fault(
  'secret_encoding',
  'The secret file is UTF-16, so an app that reads UTF-8 gets another secret.',
  UTF16_CURE,
);

interface Slip {
  readonly cause: VerifyCause;
  readonly message: string;
  readonly remedy?: string;
  /** The secret without the slip, or the same text where there is none. */
  readonly undo: (secret: string) => string;
}

/** What happens to secrets between the dashboard and the process. */
const SLIPS: readonly Slip[] = [
  {
    cause: 'secret_whitespace',
    message: 'The secret has white space or a line break around it, or invisible characters in it.',
    remedy: 'Trim what you read: readFileSync(…, "utf8").trim(), or printf instead of echo.',
    undo: (secret) => secret.replace(/[\s\u200b-\u200d\u2060\ufeff]+|(?:\\r|\\n)+$/g, ''),
  },
  {
    cause: 'secret_quoted',
    message: 'The secret has quotes around it, which became part of it.',
    remedy: 'Leave the quotes out: docker --env-file, systemd and CI variables take them literally.',
    undo: (secret) => secret.trim().replace(/^["'`“‘„]+|["'`”’“]+[,;]?$/g, ''),
  },
  {
    cause: 'secret_pasted_line',
    message: 'The secret is a whole line of an .env file, the name of the variable included.',
    undo: (secret) => secret.trim().replace(/^(?:export\s+)?[A-Za-z_]\w*=["']?|["']$/g, ''),
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
    message: 'The prefix of the secret is missing, is there twice, or is not written whsec_.',
    undo: (secret) => `whsec_${secret.trim().replace(/^(?:whsec[_:\- ]?)+/i, '')}`,
  },
];

/** The secrets that the sender may have signed with: the given ones, and each with one slip undone, or two. */
export function repairedSecrets([first, ...others]: readonly GivenSecret[]): Candidate<string>[] {
  if (!first) {
    return [];
  }
  return [
    ...repaired(first),
    ...others.flatMap((other) =>
      repaired(other).map(({ value, faults }) => ({
        value,
        faults: [
          fault(
            'wrong_secret',
            `The secret is another one: the delivery is signed with that of ${other.from}, not with that of ${first.from}.`,
            'Give your app the signing secret of this endpoint, and while a secret is rotated both of them.',
          ),
          ...faults,
        ],
      })),
    ),
  ];
}

function repaired({ value, isUtf16 = false }: GivenSecret): Candidate<string>[] {
  const given: Candidate<string> = { value, faults: isUtf16 ? [UTF16_SECRET] : [] };
  const once = undoEach(given);
  const all = new Map<string, Candidate<string>>();
  for (const candidate of [given, ...once, ...once.flatMap(undoEach)]) {
    if (!all.has(candidate.value)) {
      all.set(candidate.value, candidate);
    }
  }
  return [...all.values()];
}

function undoEach({ value, faults }: Candidate<string>): Candidate<string>[] {
  return SLIPS.flatMap(({ cause, message, remedy = COPY_AGAIN, undo }) => {
    const undone = undo(value);
    return undone === value || undone === ''
      ? []
      : [{ value: undone, faults: [...faults, fault(cause, message, remedy)] }];
  });
}
