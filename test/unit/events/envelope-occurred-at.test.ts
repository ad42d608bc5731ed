import { describe, expect, it, test } from 'vitest';
import type { ScalekitEnvelope } from '../../../lib/events/envelope.js';
import { readOccurredAt } from '../../../lib/events/occurred-at.js';

const envelope = (fields: Record<string, unknown>): ScalekitEnvelope => ({
  id: 'evt_1',
  type: 'user.created',
  data: {},
  ...fields,
});

describe('readOccurredAt', () => {
  test.each([
    ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00.000Z'],
    ['2024-01-15T10:30:00.1Z', '2024-01-15T10:30:00.100Z'],
    ['2025-12-09T09:25:02.02Z', '2025-12-09T09:25:02.020Z'],
    ['2024-01-15T10:30:00.123456789Z', '2024-01-15T10:30:00.123Z'],
    ['2024-01-15T10:30:00.999999999Z', '2024-01-15T10:30:00.999Z'],
    ['2024-01-15T10:30:00+00:00', '2024-01-15T10:30:00.000Z'],
    ['2024-01-15T10:30:00-00:00', '2024-01-15T10:30:00.000Z'],
    ['2024-01-15T10:30:00.5+05:30', '2024-01-15T05:00:00.500Z'],
    ['2024-01-15T20:30:00-08:00', '2024-01-16T04:30:00.000Z'],
    ['2024-01-15T10:30:00+0530', '2024-01-15T05:00:00.000Z'],
    ['2024-01-15T10:30Z', '2024-01-15T10:30:00.000Z'],
    ['2024-01-15t10:30:00z', '2024-01-15T10:30:00.000Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59-01:00', '+010000-01-01T00:59:59.000Z'],
  ])('takes %s as %s', (text, iso) => {
    const { date, invalidField } = readOccurredAt(envelope({ occurred_at: text }));

    expect(date?.toISOString()).toBe(iso);
    expect(invalidField).toBeUndefined();
  });

  test.each([
    '',
    ' ',
    '1',
    'Jan 5',
    'yesterday',
    '2024',
    '2024-01',
    '2024-01-15',
    '1705314600',
    '2024-01-15T10:30:00',
    '2024-01-15 10:30:00Z',
    ' 2024-01-15T10:30:00Z',
    '2024-01-15T10:30:00Z\n',
    '2024-1-15T10:30:00Z',
    '24-01-15T10:30:00Z',
    '+002024-01-15T10:30:00Z',
    '2024-01-15T10Z',
    '2024-01-15T10:30.5Z',
    '2024-01-15T10:30:00.Z',
    '2024-01-15T10:30:00,5Z',
    '2024-01-15T10:30:00.1234567890Z',
    '2024-01-15T10:30:00+05',
    '2024-01-15T10:30:00+5:30',
    '2024-01-15T10:30:00+24:00',
    '2024-01-15T10:30:00+05:60',
    '2024-01-15T10:30:00Z+05:30',
    '2024-01-15T10:30:00 UTC',
    '2024-W03-1T10:30:00Z',
    '2024-00-15T10:30:00Z',
    '2024-13-15T10:30:00Z',
    '2024-01-00T10:30:00Z',
    '2024-01-32T10:30:00Z',
    '2024-02-30T10:30:00Z',
    '2023-02-29T10:30:00Z',
    '1900-02-29T10:30:00Z',
    '2024-04-31T10:30:00Z',
    '2024-01-15T24:00:00Z',
    '2024-01-15T25:00:00Z',
    '2024-01-15T10:60:00Z',
    '2016-12-31T23:59:60Z',
    '٢٠٢٤-01-15T10:30:00Z',
    'Mon, 15 Jan 2024 10:30:00 GMT',
    0,
    1705314600,
    1705314600000,
    true,
    [],
    ['2024-01-15T10:30:00Z'],
    {},
  ])('takes %j as no date', (value) => {
    expect(readOccurredAt(envelope({ occurred_at: value }))).toEqual({
      date: undefined,
      invalidField: 'occurred_at',
    });
  });

  const date = '2024-01-15T10:30:00.000Z';
  const otherDate = '2020-01-01T00:00:00.000Z';

  it('takes created where there is no occurred_at', () => {
    expect(readOccurredAt(envelope({ created: date })).date?.toISOString()).toBe(date);
  });

  it('prefers occurred_at to created', () => {
    const fields = { created: otherDate, occurred_at: date };

    expect(readOccurredAt(envelope(fields)).date?.toISOString()).toBe(date);
  });

  it('takes null as absent', () => {
    expect(readOccurredAt(envelope({ occurred_at: null, created: date })).date?.toISOString()).toBe(date);
    expect(readOccurredAt(envelope({ created: null }))).toEqual({ date: undefined, invalidField: undefined });
  });

  it('says nothing of an envelope without either', () => {
    expect(readOccurredAt(envelope({}))).toEqual({ date: undefined, invalidField: undefined });
  });

  it('tells that created is no date', () => {
    expect(readOccurredAt(envelope({ created: 'soon' }))).toEqual({
      date: undefined,
      invalidField: 'created',
    });
  });

  it('does not let created stand in for an occurred_at that is no date', () => {
    const fields = { created: date, occurred_at: 'soon' };

    expect(readOccurredAt(envelope(fields))).toEqual({ date: undefined, invalidField: 'occurred_at' });
  });

  it('does not inherit a date from a polluted Object.prototype', () => {
    Object.defineProperty(Object.prototype, 'occurred_at', { value: date, configurable: true });
    try {
      expect(readOccurredAt(envelope({})).date).toBeUndefined();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'occurred_at');
    }
  });
});
