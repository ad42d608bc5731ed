import { describe, expect, it } from 'vitest';
import { isScalekitEvent } from '../../../lib/events/scalekit-event.js';

const event = { id: 'evt_1', type: 'organization.directory.user_created', data: {} };

describe('isScalekitEvent', () => {
  it.each([
    ['organization.directory.user_created', true],
    ['organization.directory.user_updated', false],
    ['organization.*', true],
    ['user.*', false],
    ['*', true],
    [['user.*', '*.user_created'], true],
    [['user.*', 'role.*'], false],
    [[], false],
  ])('%j: %s', (pattern, matches) => {
    expect(isScalekitEvent(event, pattern)).toBe(matches);
  });

  it('knows types that the catalogue does not', () => {
    expect(isScalekitEvent({ type: 'invoice.paid' }, 'invoice.*')).toBe(true);
  });
});
