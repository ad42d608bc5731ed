import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCALEKIT_EVENT_TYPES } from '../../../lib/events/scalekit-event-types.js';
import { compileEventPattern } from '../../../lib/events/scalekit-event-pattern.js';
import { nearestEventType } from '../../../lib/events/nearest-event-type.js';

describe('compileEventPattern', () => {
  it.each([
    ['user.login', 'user.login', true],
    ['user.login', 'user.logins', false],
    ['user.login', 'user_login', false],
    ['user.login', 'User.login', false],
    ['organization.*', 'organization.created', true],
    ['organization.*', 'organization.directory.user_created', true],
    ['organization.*', 'organization.', true],
    ['organization.*', 'organization', false],
    ['organization.*', 'my.organization.created', false],
    ['*.created', 'organization.created', true],
    ['*.created', '.created', true],
    ['*.created', 'organization.created.twice', false],
    ['*.directory.*_created', 'organization.directory.group_created', true],
    ['*.directory.*_created', 'organization.directory_created', false],
    ['*', 'user.login', true],
    ['*', '', true],
    ['**', 'x', true],
    ['user.login*', 'user.login', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*bc*c', 'abc', false],
    ['a*bc*c', 'abcc', true],
    ['*ab*ab*', 'aab_aab', true],
    ['a.b', 'axb', false],
    ['[a-z]*', 'user', false],
    ['$&*', '$&x', true],
  ])('%s on %s: %s', (pattern, type, matches) => {
    expect(compileEventPattern(pattern)(type)).toBe(matches);
  });

  it('agrees with a matcher that tries everything', () => {
    const letters = fc.constantFrom('a', 'b', '.');
    const type = fc.array(letters, { maxLength: 12 }).map((all) => all.join(''));
    const pattern = fc
      .array(fc.oneof(letters, fc.constant('*')), { maxLength: 8 })
      .map((all) => all.join(''));

    fc.assert(
      fc.property(pattern, type, (one, other) => {
        expect(compileEventPattern(one)(other)).toBe(matchesByTrying(one, other));
      }),
      { numRuns: 5_000 },
    );
  });

  it('matches what a pattern is made from', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (parts) => {
        const pattern = parts.map(([text]) => `${text.replaceAll('*', '')}*`).join('');
        const type = parts.map(([text, run]) => text.replaceAll('*', '') + run).join('');
        expect(compileEventPattern(pattern)(type)).toBe(true);
      }),
    );
  });

  it('takes no longer for a pattern made to be slow', () => {
    const matches = compileEventPattern(`${'*a'.repeat(5_000)}b`);
    const type = 'a'.repeat(100_000);
    // It takes some milliseconds. One that goes back and tries again has not ended after hours.
    expect(matches(type)).toBe(false);
  });
});

describe('nearestEventType', () => {
  it.each([
    ['user.create', 'user.created'],
    ['usr.login', 'user.login'],
    ['user.lgoin', 'user.login'],
    ['USER.LOGIN', 'user.login'],
    ['user-signup', 'user.signup'],
    ['organisation.created', 'organization.created'],
    ['organization.directory.user.created', 'organization.directory.user_created'],
    ['organization.directory_user_created', 'organization.directory.user_created'],
    ['directory.user_created', 'organization.directory.user_created'],
    ['group_deleted', 'organization.directory.group_deleted'],
    ['user_updated', 'user.updated'],
    ['connected_accounts.created', 'connected_account.created'],
  ])('%s is meant to be %s', (type, meant) => {
    expect(nearestEventType(type, SCALEKIT_EVENT_TYPES)).toBe(meant);
  });

  it.each(['', 'x', '.', 'invoice.paid', 'something.entirely.different', 'user', 'eated'])(
    'nothing is near "%s"',
    (type) => {
      expect(nearestEventType(type, SCALEKIT_EVENT_TYPES)).toBeUndefined();
    },
  );

  it('prefers the nearer of two, and the first of equals', () => {
    expect(nearestEventType('role.xreated', ['role.xxeated', 'role.created'])).toBe('role.xxeated');
    expect(nearestEventType('role.crated', ['role.xxxxted', 'role.created'])).toBe('role.created');
  });

  it('finds the type back after any one edit', () => {
    const edited = fc
      .tuple(fc.constantFrom(...SCALEKIT_EVENT_TYPES), fc.nat(), fc.constantFrom('', 'x', '_'))
      .map(([type, at, letter]) => {
        const place = at % type.length;
        return { type, typo: type.slice(0, place) + letter + type.slice(place + 1) };
      });

    fc.assert(
      fc.property(edited, ({ type, typo }) => {
        const found = nearestEventType(typo, SCALEKIT_EVENT_TYPES) ?? '';
        expect(distance(typo, found)).toBeLessThanOrEqual(distance(typo, type));
      }),
    );
  });
});

function matchesByTrying(pattern: string, type: string): boolean {
  if (pattern === '') return type === '';
  const [first = '', rest] = [pattern[0], pattern.slice(1)];
  if (first !== '*') return type.startsWith(first) && matchesByTrying(rest, type.slice(1));
  return Array.from({ length: type.length + 1 }, (_, at) => type.slice(at)).some((end) =>
    matchesByTrying(rest, end),
  );
}

/** The textbook recursion, without the swap of neighbours: never less than the real one. */
function distance(a: string, b: string, memo = new Map<string, number>()): number {
  if (a === '' || b === '') return a.length + b.length;
  const key = `${a.length}/${b.length}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  const edits = Math.min(
    distance(restA, b, memo) + 1,
    distance(a, restB, memo) + 1,
    distance(restA, restB, memo) + (a.startsWith(b.charAt(0)) ? 0 : 1),
  );
  memo.set(key, edits);
  return edits;
}
