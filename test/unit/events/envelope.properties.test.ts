import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnvelopeError, readEnvelope } from '../../../lib/events/envelope.js';

const VALID = Buffer.from('{"id":"evt_1","type":"user.created","data":{"name":"Zoë 🎉","list":[1,{}]}}');
const MARKER = 'Marker7f3a';

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => text.length <= 256 && text.trim() !== '' && !/\p{Cc}/u.test(text));
const jsonObject = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true });
const envelope = fc
  .tuple(jsonObject, name, name, jsonObject)
  .map(([others, id, type, data]) => ({ ...others, id, type, data }));

function notFrozen(root: unknown): unknown[] {
  const found: unknown[] = [];
  const left = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Object.isFrozen(value)) found.push(value);
    for (const key of Reflect.ownKeys(value)) left.push(Object.getOwnPropertyDescriptor(value, key)?.value);
  }
  return found;
}

/** Reads bytes of any kind, and fails if something else comes than a frozen envelope or an `EnvelopeError`. */
function readAny(rawBody: Uint8Array): EnvelopeError | undefined {
  try {
    const read = readEnvelope(rawBody);
    expect(notFrozen(read)).toEqual([]);
    expect([typeof read.id, typeof read.type, typeof read.data]).toEqual(['string', 'string', 'object']);
    return undefined;
  } catch (error) {
    if (error instanceof EnvelopeError) return error;
    throw error;
  }
}

describe('readEnvelope, for all inputs', () => {
  it('gives any envelope back as it was sent', () => {
    fc.assert(
      fc.property(envelope, (sent) => {
        const text = JSON.stringify(sent);

        expect(JSON.stringify(readEnvelope(Buffer.from(text)))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('freezes all that is in an envelope', () => {
    fc.assert(
      fc.property(envelope, (sent) => {
        expect(notFrozen(readEnvelope(Buffer.from(JSON.stringify(sent))))).toEqual([]);
      }),
    );
  });

  it('gives a frozen envelope or an EnvelopeError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rawBody) => {
        readAny(rawBody);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives a frozen envelope or an EnvelopeError for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        readAny(Buffer.from(text));
      }),
    );
  });

  it('gives a frozen envelope or an EnvelopeError for an envelope with some bytes changed', () => {
    const change = fc.tuple(fc.nat(VALID.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const rawBody = Buffer.from(VALID);
        for (const [index, byte] of changes) rawBody[index] = byte;
        readAny(rawBody);
      }),
      { numRuns: 5000 },
    );
  });

  it('gives an EnvelopeError for an envelope cut short anywhere', () => {
    for (let length = 0; length < VALID.length; length++) {
      expect(readAny(VALID.subarray(0, length))).toBeInstanceOf(EnvelopeError);
    }
  });

  it('never quotes the body in an error', () => {
    const part = fc.oneof(
      {
        arbitrary: fc.constantFrom('"id":', '"type":', '"data":', '"evt_1"', '{', '}', '[', ']', ',', ':'),
        weight: 3,
      },
      {
        arbitrary: fc.constantFrom(MARKER, `"${MARKER}"`, `"${MARKER}":`, `{"${MARKER}":"${MARKER}"}`),
        weight: 2,
      },
      fc.string({ maxLength: 3 }),
    );
    const tokens = fc.array(part, { maxLength: 12 }).map((parts) => parts.join('') + MARKER);

    const marked = fc.constantFrom(
      MARKER,
      `${MARKER}\u0000`,
      `${MARKER}\uD800`,
      MARKER.repeat(40),
      [MARKER],
      { [MARKER]: MARKER },
    );
    const fields = fc
      .record({ id: marked, type: marked, data: marked, [MARKER]: marked }, { requiredKeys: [] })
      .map((body) => JSON.stringify(body));

    const deep = fc
      .nat(300)
      .map((levels) => `{"${MARKER}":`.repeat(levels) + `"${MARKER}"` + '}'.repeat(levels));

    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(tokens, fields, deep), fc.constantFrom('', '\u00FF'), (text, badByte) => {
        const error = readAny(Buffer.concat([Buffer.from(text), Buffer.from(badByte, 'latin1')]));
        if (error === undefined) return;
        refused++;
        expect(error.message).not.toContain(MARKER);
        expect(inspect(error, { showHidden: true })).not.toContain(MARKER);
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });
});
