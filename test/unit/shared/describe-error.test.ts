import fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SCALEKIT_EVENT_TYPES } from '../../../lib/events/scalekit-event-types.js';
import { describeError } from '../../../lib/shared/describe-error.js';
import { scalekitEvent } from '../../../lib/testing/index.js';

const event = {
  id: 'evt_1',
  type: 'user.created',
  organization_name: 'Zweistein & Co',
  data: {
    email: 'jane.doe@example.com',
    name: 'Jane "JD" Doe-O’Neill',
    short_name: 'Bo',
    nickname: 'Ada',
    family_name: '王伟',
    given_name: 'José Straße',
    address: '12 Main St\nSpringfield',
    phone: 5551234567,
    mobile: '+49 (170) 987-65 43',
    verified: true,
    custom_attributes: { 'm4rker.tag@example.org': 1, favourite_colour: 'teal' },
    nested: { list: [{ txt_record_secret: 'scalekit-verify=K3yR1ng' }] },
  },
};
const framesOf = (error: Error) =>
  (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));

describe('describeError', () => {
  it('keeps name, message and stack of an error that quotes nothing', () => {
    const error = new TypeError('connect ECONNREFUSED');
    expect(describeError(error, event)).toBe(error.stack);
  });

  it.each([
    [
      'a value',
      'Key (email)=(jane.doe@example.com) already exists',
      'Key (email)=([redacted]) already exists',
    ],
    ['a value in other letter case', 'no user JANE.DOE@EXAMPLE.COM', 'no user [redacted]'],
    ['a value that comes twice', 'jane.doe@example.com, jane.doe@example.com', '[redacted]'],
    ['the local part of an address', 'no user jane.doe', 'no user [redacted]'],
    ['a first name', 'Jane is unknown', '[redacted] is unknown'],
    ['a name of two letters', 'Bo is unknown', '[redacted] is unknown'],
    ['a name within a word', 'no queue janesInbox', 'no queue [redacted]'],
    ['a piece of a value', 'value too long: "jane.doe@exam"', 'value too long: "[redacted]"'],
    ['a name without its accents', 'Jose, STRASSE', '[redacted]'],
    ['a number', 'bad phone 5551234567', 'bad phone [redacted]'],
    ['the end of a number', 'bad phone ***4567', 'bad phone ***[redacted]'],
    ['a number without its spaces', 'bad phone +491709876543', 'bad phone +[redacted]'],
    ['a number without its country', 'bad phone 01709876543', 'bad phone [redacted]'],
    ['a name in color', 'no user \u001b[31mAda\u001b[39m', 'no user \\u001b[31m[redacted]\\u001b[39m'],
    ['a nested value', 'TXT scalekit-verify=K3yR1ng', 'TXT [redacted]'],
    ['a field of the envelope', 'no tenant Zweistein', 'no tenant [redacted]'],
    ['a key', 'unknown attribute m4rker.tag@example.org', 'unknown attribute [redacted]'],
    ['a part of a key', 'unknown colour', 'unknown [redacted]'],
    ['a name in a text without spaces', '用户 王伟不存在', '用户 [redacted]'],
    ['a value of several lines', 'no such place: Main St\nSpringfield!', 'no such place: [redacted]!'],
    ['a value in JSON', '{"name":"Jane \\"JD\\" Doe"}', '{"name":"[redacted]"}'],
    ['the start of a line in JSON', 'St\\nBo\\u002c Main', '[redacted]'],
    ['a letter that JSON escaped', 'Jos\\u00e9', '[redacted]'],
    ['a value in a URL', 'GET /users?email=jane.doe%40example.com 404', 'GET /users?email=[redacted] 404'],
    ['a letter of a URL', 'GET /Stra%C3%9Fe 404', 'GET /[redacted] 404'],
    ['a value in a form', 'name=Jane+%22JD%22+Doe&x=1', 'name=[redacted]&x=1'],
    ['values that touch', 'Jane "JD" Doejane.doe@example.com', '[redacted]'],
    ['a word too long to look into', `token ${'x1'.repeat(60)}`, 'token [redacted]'],
  ])('cuts out %s', (_, message, redacted) => {
    expect(describeError(message, event)).toBe(redacted);
    expect(describeError(new Error(message), event).replaceAll(/\n {4}at .*/g, '')).toBe(
      `Error: ${redacted}`,
    );
  });

  it.each([
    'Both failed, email and name are required',
    'adapters are not ready',
    'duplicate key violates unique constraint users_pkey',
    'user.created evt_1 took 12 s',
  ])('leaves words that are nobody’s: %s', (message) => {
    expect(describeError(message, event)).toBe(message);
  });

  it('leaves the lines of the stack as they are, whoever is in them', () => {
    const janes = {
      jane: () => new Error('Ada failed'),
    };
    const error = janes.jane();
    error.stack = `${error.stack ?? ''}\n    at Ada.doe (/home/jane/adapters/Ada.js:1:2)\n    at async Promise.all (index 0)`;
    expect(describeError(error, event)).toBe(`Error: [redacted] failed\n${framesOf(error).join('\n')}`);
  });

  it('takes no line of the message for one of the stack', () => {
    const error = new Error('no luck\n    at Jane Doe (/home/jane:1:1)');
    const text = describeError(error, event);
    expect(text).toMatch(/^Error: no luck\n {4}at \[redacted\] \(\/home\/\[redacted\]:1:1\)\n {4}at /);
    expect(text).not.toMatch(/jane/i);
    expect(text.split('\n').slice(2)).toEqual(framesOf(error).slice(1));
  });

  it('says the message that the error has now, and nothing else of an old stack', () => {
    const error = new Error('jane.doe@example.com');
    error.message = 'renamed';
    expect(describeError(error, event)).toBe(`Error: renamed\n${framesOf(error).join('\n')}`);
  });

  it('tells causes, and the errors of an AggregateError, without personal words', () => {
    const refused = new AggregateError([new Error('::1 refused'), new Error('jane refused')], '');
    const error = new Error('no luck', { cause: new TypeError('Jane is away', { cause: refused }) });
    const headers = describeError(error, event)
      .split('\n')
      .filter((line) => !line.startsWith('    at '));
    expect(headers).toEqual([
      'Error: no luck',
      'Caused by: TypeError: [redacted] is away',
      'Caused by: AggregateError',
      'One of them: Error: ::1 refused',
      'One of them: Error: [redacted] refused',
    ]);
  });

  it('ends with a chain of causes that does not', () => {
    const circle = new Error('round');
    circle.cause = new Error('and round', { cause: circle });
    expect(describeError(circle, event).match(/round/g)).toHaveLength(2);
    let long = new Error('cause 0');
    for (let number = 1; number < 100; number++) {
      long = new Error(`cause ${number}`, { cause: long });
    }
    expect(describeError(long, event).match(/cause \d/g)).toHaveLength(10);
  });

  it('escapes control characters on each line', () => {
    expect(describeError('first\u001b[2J\nsecond\r', {})).toBe('first\\u001b[2J\nsecond\\u000d');
  });

  it('withholds messages for an event that is too large, but no stack', () => {
    const error = new RangeError('jane');
    const large = { data: Array.from({ length: 20_000 }, (_, number) => `word${number}`) };
    expect(describeError(error, large)).toBe(
      `RangeError (message withheld: the event is too large)\n${framesOf(error).join('\n')}`,
    );
    expect(describeError('jane', large)).toBe('a thrown string (message withheld: the event is too large)');
  });

  it('shortens a long message at the end of a word', () => {
    expect(describeError('out of stock '.repeat(10_000), event)).toMatch(
      /stock out … \(shortened\)$|… \(shortened\)$/,
    );
    expect(describeError(`${'a '.repeat(2_498)}jane.doe`, event)).not.toContain('jan');
  });

  const unreadable = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('jane');
    },
  });
  const { proxy: revokedList, revoke } = Proxy.revocable([], {});
  revoke();
  const lostError = Object.defineProperty([], 0, {
    get: () => Reflect.get(unreadable, 'message') as unknown,
  });
  it.each([
    ['a text', 'out of order', 'out of order'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('stop'), 'Symbol(stop)'],
    ['an object', { code: 1 }, '[object Object]'],
    ['an object without a prototype', Object.create(null), 'a thrown object'],
    ['an object that quotes', { toString: () => 'no jane here' }, 'no [redacted] here'],
    [
      'what only looks like an error',
      { name: 'AxiosError', message: 'jane timed out' },
      'AxiosError: [redacted] timed out',
    ],
    ['what cannot be read', unreadable, 'a thrown object'],
    [
      'a list of errors that cannot be read',
      { message: 'all failed', errors: revokedList },
      'Error: all failed',
    ],
    [
      'a list of an error that cannot be read',
      { message: 'all failed', errors: lostError },
      'Error: all failed',
    ],
    [
      'an error without a stack',
      Object.assign(new Error('no trace'), { stack: undefined }),
      'Error: no trace',
    ],
    ['an error whose stack is no text', Object.assign(new Error('x'), { stack: ['frame'] }), 'Error: x'],
  ])('describes %s that was thrown', (_, thrown: unknown, text) => {
    expect(describeError(thrown, event)).toBe(text);
  });

  it('describes an error of another realm with its stack', () => {
    expect(describeError(runInNewContext('new Error("far away")'), event)).toMatch(
      /^Error: far away\n {4}at /,
    );
  });

  it('shows nothing of any event, however its words are put into a message', () => {
    const writings: ((value: string) => string)[] = [
      (value) => value,
      (value) => value.toUpperCase(),
      (value) => JSON.stringify({ value }),
      encodeURIComponent,
      (value) => new URLSearchParams({ value }).toString(),
      (value) => value.split(/\W/)[0] ?? '',
      (value) => value.slice(0, -3),
      (value) => `id${value}id`,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...SCALEKIT_EVENT_TYPES),
        fc.record({
          name: fc.lorem({ maxCount: 2 }),
          email: fc.emailAddress(),
          key: fc.string({ unit: 'grapheme', minLength: 4 }),
        }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...writings)), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (type, person, quotes, hasCause) => {
          const subject = { ...scalekitEvent(type), display_name: person.name } as Record<string, unknown>;
          subject.data = { ...(subject.data as object), owner: person.email, [`${person.key} `]: [person] };
          const values = textsIn(subject);
          const message = quotes.map(([at, write]) => write(values[at % values.length] ?? '')).join(': ');
          const error = new Error(message, hasCause ? { cause: new Error(message) } : {});
          const text = describeError(error, subject);
          const lines = text.split('\n');
          expect(
            lines.filter((line) => framesOf(error).includes(line)).slice(0, framesOf(error).length),
          ).toEqual(framesOf(error));
          const told = lines
            .filter((line) => !line.startsWith('    at '))
            .join('\n')
            .replaceAll('[redacted]', '');
          const leaks = values.flatMap((value) => value.match(/[\p{L}\p{N}]{4,}/gu) ?? []);
          expect(leaks.filter((leak) => told.toLowerCase().includes(leak.toLowerCase()))).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes no field of the documents for personal', () => {
    const names = new Set(SCALEKIT_EVENT_TYPES.flatMap((type) => keysIn(scalekitEvent(type))));
    const empty = Object.fromEntries([...names].map((name) => [name, '']));
    expect(describeError([...names].join(' '), { data: empty })).toBe([...names].join(' '));
  });
});

/** All values of an event but those of its id, type and object. */
function textsIn(value: unknown): string[] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .filter(([key]) => !['id', 'type', 'object', 'spec_version'].includes(key))
        .flatMap(([, child]) => textsIn(child))
    : typeof value === 'string'
      ? [value]
      : [];
}

function keysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(keysIn)];
}
