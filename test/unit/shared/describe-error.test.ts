import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../../lib/shared/describe-error.js';

const data = {
  email: 'jane.doe@example.com',
  name: 'Jane "JD" Doe',
  short_name: 'Bo',
  family_name: '王伟',
  address: '12 Main St\nSpringfield',
  phone: 5551234567,
  verified: true,
  nested: { list: [{ txt_record_secret: 'scalekit-verify=K3yR1ng' }] },
};

describe('describeError', () => {
  it('keeps name, message and stack of an error that quotes nothing', () => {
    const error = new TypeError('connect ECONNREFUSED');
    expect(describeError(error, data)).toBe(error.stack);
  });

  it.each([
    [
      'a value',
      'Key (email)=(jane.doe@example.com) already exists',
      'Key (email)=([redacted]) already exists',
    ],
    ['a value in other letter case', 'no user JANE.DOE@EXAMPLE.COM', 'no user [redacted]'],
    ['a value that comes twice', 'jane.doe@example.com, jane.doe@example.com', '[redacted], [redacted]'],
    ['a number', 'bad phone 5551234567', 'bad phone [redacted]'],
    ['a nested value', 'TXT scalekit-verify=K3yR1ng', 'TXT [redacted]'],
    ['a name of two letters', 'Bo is unknown', '[redacted] is unknown'],
    ['a name of two letters without spaces around it', '用户王伟不存在', '用户[redacted]不存在'],
    ['a value of several lines', 'no such place: 12 Main St\nSpringfield!', 'no such place: [redacted]!'],
    ['a value in JSON', '{"name":"Jane \\"JD\\" Doe"}', '{"name":"[redacted]"}'],
    ['a value in a URL', 'GET /users?email=jane.doe%40example.com 404', 'GET /users?email=[redacted] 404'],
    ['a value in a form', 'name=Jane+%22JD%22+Doe&x=1', 'name=[redacted]&x=1'],
    ['values that overlap', 'Jane "JD" Doejane.doe@example.com', '[redacted]'],
  ])('cuts out %s', (_, message, redacted) => {
    expect(describeError(message, data)).toBe(redacted);
  });

  it('cuts the same values out of message and stack', () => {
    const text = describeError(new Error('jane.doe@example.com failed'), data);
    expect(text).toMatch(/^Error: \[redacted\] failed\n {4}at /);
    expect(text).not.toContain('jane');
  });

  it('leaves names of two letters within words, and words that are no values', () => {
    expect(describeError('Both failed, email and name are required', data)).toBe(
      'Both failed, email and name are required',
    );
  });

  it('finds values behind letters whose lower case is longer', () => {
    const message = 'İİİİ: jane.doe@example.com, İbrahim!';
    expect(describeError(message, { ...data, name: 'İbrahim' })).toBe('İİİİ: [redacted], [redacted]!');
  });

  it('cuts out what overlaps, to the last letter', () => {
    expect(describeError('see one two three.', { a: 'one two', b: 'two three' })).toBe('see [redacted].');
  });

  it('escapes control characters on each line', () => {
    expect(describeError('first\u001b[2J\nsecond\r', {})).toBe('first\\u001b[2J\nsecond\\u000d');
  });

  it('finds values with lone surrogates', () => {
    expect(describeError('name \ud800x is odd', { name: '\ud800x' })).toBe('name [redacted] is odd');
  });

  it.each([
    [
      'of an error with too large a payload',
      new Error('jane'),
      Array.from({ length: 500_000 }, () => 'jane'),
    ],
    ['that is too long', new Error('jane '.repeat(20_000)), ['jane']],
  ])('withholds a text %s', (_, error, list) => {
    expect(describeError(error, { list })).toBe('Error (message withheld: too large to redact)');
  });

  it.each([
    ['a text', 'out of stock', 'out of stock'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('stop'), 'Symbol(stop)'],
    ['an object', { code: 1 }, '[object Object]'],
    ['an object without a prototype', Object.create(null), 'a thrown object'],
    ['an error of another realm', runInNewContext('new Error("far away")'), 'Error: far away'],
    [
      'an error without a stack',
      Object.assign(new Error('no trace'), { stack: undefined }),
      'Error: no trace',
    ],
    ['an error whose stack is no text', Object.assign(new Error('x'), { stack: ['frame'] }), 'frame'],
  ])('describes %s that was thrown', (_, thrown: unknown, text) => {
    expect(describeError(thrown, data)).toBe(text);
  });
});
