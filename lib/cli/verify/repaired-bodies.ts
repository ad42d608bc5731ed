import { decodeUtf16, UTF16_CURE } from '../input/read-file.js';
import { type Candidate, type Fault, fault } from './fault.js';

const RAW_BODY =
  'Verify the bytes as they came in, before any body parser: nestjs-scalekit-webhooks does by itself, elsewhere use ' +
  'express.raw() or request.rawBody.';
/** Larger bodies are not written anew: each way to write JSON costs several copies of the body. */
const LARGEST_JSON_BYTES = 1024 * 1024;

export const UTF16_BODY: Fault = fault(
  'body_charset',
  'The body is UTF-16. Scalekit sends and signs UTF-8.',
  UTF16_CURE,
);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bodies that the sender may have signed: the given one, then with a plain accident undone, then JSON written anew. */
export function* repairedBodies(body: Buffer): Generator<Candidate<Buffer>> {
  yield { value: body, faults: [] };
  const utf16 = decodeUtf16(body);
  if (utf16 !== undefined) {
    yield { value: Buffer.from(utf16), faults: [UTF16_BODY] };
    yield { value: Buffer.from(utf16.replace(/\r?\n$/, '')), faults: [UTF16_BODY] };
    return;
  }
  const text = decode(body);
  if (text !== undefined) {
    yield* lineEnds(text);
    yield* rewritten(text);
  }
}

function* lineEnds(text: string): Generator<Candidate<Buffer>> {
  const cases = [
    ['body_bom', 'A byte order mark was put before the body.', text.replace(/^\ufeff/, '')],
    ['body_newline', 'A line end was added to the end of the body.', text.replace(/\r?\n$/, '')],
    ['body_newline', 'White space was added around the body.', text.trim()],
    ['body_newline', 'The line end at the end of the body was lost.', `${text}\n`],
    ['body_newline', 'The line end at the end of the body was lost.', `${text}\r\n`],
  ] as const;
  for (const [cause, message, signed] of cases) {
    if (signed !== text) {
      yield { value: Buffer.from(signed), faults: [fault(cause, message, RAW_BODY)] };
    }
  }
}

const LAYOUTS: readonly (readonly [name: string, write: (value: unknown) => string])[] = [
  ['compact, as JSON.stringify writes it', (value) => JSON.stringify(value)],
  ['with ", " and ": ", as Python\'s json.dumps writes it', (value) => spaced(JSON.stringify(value))],
  ['pretty-printed with 2 spaces', (value) => JSON.stringify(value, null, 2)],
  ['pretty-printed with 4 spaces', (value) => JSON.stringify(value, null, 4)],
  ['pretty-printed with tabs', (value) => JSON.stringify(value, null, '\t')],
];

const ESCAPES: readonly (readonly [name: string, escaped: RegExp])[] = [
  ['', /(?!)/],
  [', <, > and & escaped as Go writes them', /[<>&\u2028\u2029]/g],
  [', other letters than ASCII escaped as Python writes them', /[\u0080-\uffff]/g],
];

/** Writes the parsed JSON anew, in the ways that common writers use. */
function* rewritten(text: string): Generator<Candidate<Buffer>> {
  const value = text.length > LARGEST_JSON_BYTES ? undefined : parse(text.replace(/^\ufeff/, ''));
  if (typeof value !== 'object' || value === null) {
    return;
  }
  for (const [escapeName, escaped] of ESCAPES) {
    for (const [layoutName, write] of LAYOUTS) {
      const written = write(value).replace(escaped, unicodeEscape);
      for (const [endName, end] of [
        ['', ''],
        [', with a line end after it', '\n'],
      ] as const) {
        const message = `The body was parsed and serialised again. The same JSON was signed ${layoutName}${escapeName}${endName}.`;
        yield {
          value: Buffer.from(written + end),
          faults: [fault('body_reserialised', message, RAW_BODY)],
        };
      }
    }
  }
}

/** Puts a space after each comma and colon that is not part of a string. */
function spaced(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) => (token.startsWith('"') ? token : `${token} `));
}

function unicodeEscape(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Undefined for text that is no JSON, or that nests too deeply to be written again. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}

function decode(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}
