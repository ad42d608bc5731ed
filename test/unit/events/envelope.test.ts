import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { EnvelopeError, readEnvelope } from '../../../lib/events/envelope.js';
import { ScalekitWebhookError } from '../../../lib/scalekit-webhook.errors.js';
import { envelopeCases } from '../../support/envelope-cases.js';

const read = (rawBody: Buffer | string) => readEnvelope(Buffer.from(rawBody));

function errorOf(rawBody: Buffer | string): EnvelopeError {
  try {
    read(rawBody);
  } catch (error) {
    if (error instanceof EnvelopeError) return error;
    throw error;
  }
  throw new Error('The body was accepted.');
}

describe('readEnvelope', () => {
  const rules = [...new Set(envelopeCases.map(({ rule }) => rule))];

  describe.each(rules)('%s', (rule) => {
    const cases = envelopeCases.filter((each) => each.rule === rule);

    test.each(cases.filter((each) => each.expect === 'accepted'))('accepts $name', ({ rawBody, id }) => {
      const text = rawBody.toString().replace(/^\uFEFF/, '');

      const envelope = read(rawBody);

      expect(JSON.stringify(envelope)).toBe(JSON.stringify(JSON.parse(text)));
      if (id !== undefined) expect(envelope.id).toBe(id);
    });

    test.each(cases.filter((each) => each.expect !== 'accepted'))(
      'refuses $name as $expect',
      ({ rawBody, expect: code, says = '' }) => {
        const error = errorOf(rawBody);

        expect(error.code).toBe(code);
        expect(error.message).toContain(says);
      },
    );
  });

  it('has cases that can be told apart by name and sent over HTTP (E1)', () => {
    expect(new Set(envelopeCases.map(({ name }) => name)).size).toBe(envelopeCases.length);
    for (const { rawBody } of envelopeCases)
      expect(Buffer.byteLength(rawBody)).toBeLessThanOrEqual(1_048_576);
  });

  const published = new URL('../../../../shared/reference/scalekit-events.json', import.meta.url);
  const unpublished = !existsSync(published);
  it.skipIf(unpublished)(
    `accepts the 41 published examples${unpublished ? ' (../shared/reference/scalekit-events.json is absent)' : ''}`,
    () => {
      const events = JSON.parse(readFileSync(published, 'utf8')) as Record<string, { example: unknown }>;
      const examples = Object.values(events).map(({ example }) => example);

      expect(examples).toHaveLength(41);
      for (const example of examples) {
        expect(read(JSON.stringify(example))).toEqual(example);
      }
    },
  );

  it('reads a view into a larger buffer', () => {
    const pool = Buffer.from('<<{"id":"evt_1","type":"ping","data":{}}>>');

    expect(readEnvelope(new Uint8Array(pool.buffer, pool.byteOffset + 2, pool.length - 4)).id).toBe('evt_1');
  });

  it('leaves the raw body as it was', () => {
    const rawBody = Buffer.from('\uFEFF{"id":"evt_1","type":"ping","data":{}}');
    const before = Buffer.from(rawBody);

    readEnvelope(rawBody);

    expect(rawBody.equals(before)).toBe(true);
  });

  it('keeps __proto__ and constructor as own fields, frozen, without touching any prototype', () => {
    const envelope = read(
      '{"id":"evt_1","type":"ping","data":{},"__proto__":{"admin":[1]},"constructor":{"prototype":{"admin":1}}}',
    );

    expect(Object.keys(envelope)).toEqual(['id', 'type', 'data', '__proto__', 'constructor']);
    expect(Object.getPrototypeOf(envelope)).toBe(Object.prototype);
    expect(envelope.admin).toBeUndefined();
    expect({}).not.toHaveProperty('admin');
    const own = Object.getOwnPropertyDescriptor(envelope, '__proto__')?.value as { admin: unknown };
    expect(own.admin).toEqual([1]);
    expect(Object.isFrozen(own)).toBe(true);
    expect(Object.isFrozen(own.admin)).toBe(true);
  });

  it.each([
    ['id', 'evt_1'],
    ['type', 'user.created'],
    ['data', {}],
  ])('does not inherit %s from a polluted Object.prototype', (field, value) => {
    const body = JSON.stringify({ id: 'evt_1', type: 'user.created', data: {}, [field]: undefined });
    Object.defineProperty(Object.prototype, field, { value, configurable: true });
    try {
      expect(errorOf(body).message).toContain(`"${field}"`);
      expect(errorOf(body).message).toContain('it is missing');
    } finally {
      Reflect.deleteProperty(Object.prototype, field);
    }
  });

  it('names the first field that is wrong', () => {
    expect(errorOf('{"type":1,"data":[]}').message).toMatch(/^"id"/);
    expect(errorOf('{"id":"evt_1","type":1,"data":[]}').message).toMatch(/^"type"/);
  });

  it('throws an error of this package, without a cause', () => {
    const error = errorOf('{"id":');

    expect(error).toBeInstanceOf(ScalekitWebhookError);
    expect(error.name).toBe('EnvelopeError');
    expect(error).not.toHaveProperty('cause');
  });
});
