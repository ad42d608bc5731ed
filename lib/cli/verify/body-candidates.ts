import { type Candidate, type Fault, type VerifyCause, asGiven } from './fault.js';
import { JSON_STYLES } from './json-styles.js';
import { decodeUtf16, UTF16_CURE } from '../input/utf16.js';
import { readJsonText, writeJsonText } from './json-text.js';

const RAW_BODY =
  'Verify the bytes as they came in, before any body parser: nestjs-scalekit-webhooks does by itself, elsewhere use ' +
  'express.raw() or request.rawBody.';
/** Above this, fewer explanations are tried: each costs a copy of the body. */
export const LARGE_BODY_BYTES = 64 * 1024;
const BOM = '\uFEFF';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What the sender may have signed, if the body is what became of it on the way: the body as given, then the plain
 * accidents, then the JSON written anew. Of two explanations with the same bytes the first stays.
 */
export function bodyCandidates(body: Buffer): Candidate<Buffer>[] {
  const candidates = new Map([[body.toString('latin1'), asGiven(body)]]);
  for (const candidate of [...accidents(body), ...reserialisations(body)]) {
    const key = candidate.value.toString('latin1');
    if (!candidates.has(key)) {
      candidates.set(key, candidate);
    }
  }
  return [...candidates.values()];
}

export const UTF16_BODY: Fault = {
  cause: 'body_charset',
  message: 'The body is UTF-16. Scalekit sends and signs UTF-8.',
  remedy: UTF16_CURE,
};

function* accidents(body: Buffer): Generator<Candidate<Buffer>> {
  const utf16 = decodeUtf16(body);
  if (utf16 !== undefined) {
    yield { value: Buffer.from(utf16), faults: [UTF16_BODY] };
    yield { value: Buffer.from(utf16.replace(/\r?\n$/, '')), faults: [UTF16_BODY] };
    return;
  }
  const text = decode(body);
  if (text === undefined) {
    return;
  }
  const cause = (name: VerifyCause, message: string, signed: string | Buffer, remedy = RAW_BODY) =>
    candidate(Buffer.from(signed as string), { cause: name, message, remedy });

  yield cause('body_newline', 'A line end was added to the end of the body.', text.replace(/\r?\n$/, ''));
  for (const lineEnd of ['\n', '\r\n']) {
    yield cause('body_newline', 'The line end at the end of the body was lost.', text + lineEnd);
  }
  yield cause(
    'body_line_endings',
    'Line ends of the body became CRLF: LF was signed.',
    text.replaceAll('\r\n', '\n'),
  );
  yield cause(
    'body_line_endings',
    'Line ends of the body became LF: CRLF was signed.',
    text.replace(/\r?\n/g, '\r\n'),
  );
  if (text.startsWith(BOM)) {
    yield cause('body_bom', 'A byte order mark was put before the body.', text.slice(1));
  } else {
    yield cause('body_bom', 'The byte order mark before the body was lost.', BOM + text);
  }

  yield cause('body_newline', 'White space was added around the body.', text.trim());
  if (/^[\0-\xff]*$/.test(text)) {
    const message = 'The body was read as Latin-1 and written as UTF-8: letters such as é became two.';
    yield cause('body_charset', message, Buffer.from(text, 'latin1'));
  }
  const latin1 = body.toString('latin1');
  yield cause(
    'body_charset',
    'The body was written as Latin-1: UTF-8 was signed.',
    Buffer.from(latin1, 'utf8'),
  );
  if (/^[A-Za-z0-9+/\s]+=*\s*$/.test(text)) {
    yield cause(
      'body_base64',
      'The body is still base64, as serverless platforms hand it over (isBase64Encoded).',
      Buffer.from(text, 'base64'),
      "Decode it before it is verified: Buffer.from(event.body, 'base64').",
    );
  }
  const inner = readJsonText(text);
  if (inner?.kind === 'string') {
    yield cause(
      'body_double_encoded',
      'The body is a JSON string that holds the body: it was serialised twice.',
      inner.value,
      'Pass the body on as it is, without JSON.stringify.',
    );
  }
}

function* reserialisations(body: Buffer): Generator<Candidate<Buffer>> {
  const text = decode(body)?.replace(/^\uFEFF/, '');
  const json = text === undefined ? undefined : readJsonText(text);
  if (text === undefined || json === undefined || (json.kind !== 'object' && json.kind !== 'array')) {
    return;
  }
  const isLarge = body.length > LARGE_BODY_BYTES;
  for (const lineEnd of isLarge ? [''] : ['', '\n']) {
    for (const style of JSON_STYLES.filter(({ sortNames }) => !(isLarge && sortNames))) {
      const name = style.name + (lineEnd === '' ? '' : ', with a line end after it');
      yield reserialised(writeJsonText(json, style) + lineEnd, name);
    }
  }
  yield reserialised(
    JSON.stringify(JSON.parse(text)),
    'as JSON.stringify makes it of the parsed body, numbers included',
  );
}

function reserialised(signed: string, style: string): Candidate<Buffer> {
  return candidate(Buffer.from(signed), {
    cause: 'body_reserialised',
    message: `The body was parsed and serialised again. The same JSON was signed ${style}.`,
    remedy: RAW_BODY,
  });
}

function candidate(value: Buffer, fault: Fault): Candidate<Buffer> {
  return { value, faults: [fault] };
}

function decode(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}
