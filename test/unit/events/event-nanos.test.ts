import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { occurredAtNanos } from '../../../lib/events/occurred-at.js';

const nanosOf = (occurred_at: unknown) => occurredAtNanos({ type: 'user.login', occurred_at });

describe('occurredAtNanos', () => {
  it.each([
    ['2024-01-15T10:30:00.123456789Z', 1_705_314_600_123_456_789n],
    ['2024-01-15T10:30:00.123456Z', 1_705_314_600_123_456_000n],
    ['2024-01-15T10:30:00.123Z', 1_705_314_600_123_000_000n],
    ['2024-01-15T10:30:00.02Z', 1_705_314_600_020_000_000n],
    ['2024-01-15T10:30:00.000000001Z', 1_705_314_600_000_000_001n],
    ['2024-01-15T10:30:00Z', 1_705_314_600_000_000_000n],
    ['2024-01-15T12:00:00.123456789+01:30', 1_705_314_600_123_456_789n],
    ['1970-01-01T00:00:00.000000000Z', 0n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
  ])('%s is %i', (text, nanos) => {
    expect(nanosOf(text)).toBe(nanos);
  });

  it('reads `created` where there is no `occurred_at`', () => {
    const created = '2024-01-15T10:30:00.1234567Z';

    expect(occurredAtNanos({ type: 'user.created', created })).toBe(1_705_314_600_123_456_700n);
    expect(occurredAtNanos({ type: 'user.created', created, occurred_at: null })).toBe(
      1_705_314_600_123_456_700n,
    );
  });

  it.each([undefined, null, '', 'yesterday', 1_705_314_600, '2024-02-30T10:30:00.123456789Z', '2024-01-15'])(
    'is undefined for %j',
    (text) => {
      expect(nanosOf(text)).toBeUndefined();
    },
  );

  it('is undefined for an `occurred_at` that is no date, even if `created` is one', () => {
    const event = { type: 'user.created', occurred_at: 'soon', created: '2024-01-15T10:30:00Z' };
    expect(occurredAtNanos(event)).toBeUndefined();
  });

  it('gives back every nanosecond of every date', () => {
    const moment = fc.tuple(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59Z'),
        noInvalidDate: true,
      }),
      fc.integer({ min: 0, max: 999_999 }),
    );

    fc.assert(
      fc.property(moment, ([date, rest]) => {
        const text = date.toISOString().replace('Z', `${String(rest).padStart(6, '0')}Z`);
        expect(nanosOf(text)).toBe(BigInt(date.getTime()) * 1_000_000n + BigInt(rest));
      }),
    );
  });
});
