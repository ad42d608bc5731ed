import type { GivenSecret } from '../input/secret.js';
import { type Candidate, fault, type VerifyCause } from './fault.js';

/** Mistakes made with secrets between the dashboard and the process. Each function undoes one of them. */
const SLIPS: readonly (readonly [cause: VerifyCause, message: string, undo: (secret: string) => string])[] = [
  [
    'secret_whitespace',
    'The secret has white space or a line break around it, or invisible characters in it.',
    (secret) => secret.replace(/[\s\u200b-\u200d\u2060\ufeff]+|(?:\\r|\\n)+$/g, ''),
  ],
  [
    'secret_quoted',
    'The secret has quotes around it, which became part of it.',
    (secret) => secret.trim().replace(/^["'`“‘„]+|["'`”’“]+[,;]?$/g, ''),
  ],
  [
    'secret_pasted_line',
    'The secret is a whole line of an .env file, the name of the variable included.',
    (secret) => secret.trim().replace(/^(?:export\s+)?[A-Za-z_]\w*=["']?|["']$/g, ''),
  ],
  [
    'secret_encoding',
    'The secret is base64 once more, as the data of a Kubernetes Secret is.',
    (secret) => {
      const decoded = Buffer.from(secret, 'base64').toString('utf8').trim();
      return /^[\x21-\x7e]+$/.test(decoded) ? decoded : secret;
    },
  ],
  [
    // https://github.com/standard-webhooks/standard-webhooks/issues/235
    'secret_prefix',
    'The secret has a version (v1,) before whsec_, which only signatures have.',
    (secret) => secret.trim().replace(/^v\d\w?,(?=whsec_)/, ''),
  ],
  [
    'secret_prefix',
    'The prefix of the secret is missing, is there twice, or is not written whsec_.',
    (secret) => `whsec_${secret.trim().replace(/^(?:whsec[_:\- ]?)+/i, '')}`,
  ],
];

/** The secrets that the sender may have signed with: each given one as it is, with one slip undone, or with two. */
export function secretCandidates(secrets: readonly GivenSecret[]): Candidate<string>[] {
  const first = secrets[0]?.from ?? '';
  const wrong = (from: string) =>
    `The secret is wrong: the delivery is signed with that of ${from}, not with that of ${first}.`;
  const given = secrets.map(({ value, from }, index) => ({
    value,
    faults: index === 0 ? [] : [fault('wrong_secret', wrong(from))],
  }));
  const once = given.flatMap(undoEach);
  const seen = new Set<string>();
  return [...given, ...once, ...once.flatMap(undoEach)].filter(
    ({ value }) => value !== '' && !seen.has(value) && seen.add(value),
  );
}

function undoEach({ value, faults }: Candidate<string>): Candidate<string>[] {
  return SLIPS.map(([cause, message, undo]) => ({
    value: undo(value),
    faults: [...faults, fault(cause, message)],
  }));
}

/** Larger bodies are not serialised again, since each layout is one more copy of the body. */
const LARGEST_JSON_BYTES = 1024 * 1024;

const LAYOUTS: readonly (readonly [name: string, write: (value: unknown) => string])[] = [
  ['compact, as JSON.stringify writes it', (value) => JSON.stringify(value)],
  ['with ", " and ": ", as Python\'s json.dumps writes it', (value) => spaced(JSON.stringify(value))],
  ['pretty-printed with 2 spaces', (value) => JSON.stringify(value, null, 2)],
  ['pretty-printed with 4 spaces', (value) => JSON.stringify(value, null, 4)],
  ['pretty-printed with tabs', (value) => JSON.stringify(value, null, '\t')],
];

/** The bodies that the sender may have signed: as received, with another line end, then the same JSON in other layouts. */
export function bodyCandidates(body: Buffer): Candidate<Buffer>[] {
  const text = body.toString('utf8');
  const added = 'A line end, white space or a byte order mark was added around the body.';
  const lost = 'The line end at the end of the body was lost.';
  const changed: (readonly [cause: VerifyCause, message: string, signed: string])[] = [
    ['body_newline', added, text.replace(/\r?\n$/, '')],
    ['body_newline', added, text.trim()],
    ['body_newline', lost, `${text}\n`],
    ['body_newline', lost, `${text}\r\n`],
  ];
  const value = text.length > LARGEST_JSON_BYTES ? undefined : parse(text);
  for (const [layout, write] of typeof value === 'object' && value !== null ? LAYOUTS : []) {
    const message = `The body was parsed and serialised again. The same JSON was signed ${layout}`;
    const written = write(value);
    changed.push(['body_reserialised', `${message}.`, written]);
    changed.push(['body_reserialised', `${message}, with a line end after it.`, `${written}\n`]);
  }
  const candidates = changed
    .filter(([, , signed]) => signed !== text)
    .map(([cause, message, signed]) => ({ value: Buffer.from(signed), faults: [fault(cause, message)] }));
  return [{ value: body, faults: [] }, ...candidates];
}

/** Puts a space after each comma and colon that is not part of a string. */
function spaced(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) => (token.startsWith('"') ? token : `${token} `));
}

/** Undefined for text that is not JSON, or that nests too deeply to be serialised again. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}
