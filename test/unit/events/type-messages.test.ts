import { describe, expect, it } from 'vitest';
import { SCALEKIT_EVENT_TYPES } from '../../../lib/events/scalekit-event-types.js';
import { diagnosticsOf, openEditor, programOf } from './type-program.js';

const FILE = 'test/unit/events/user.virtual.ts';
const PACKAGE = 'nestjs-scalekit-webhooks';

describe('what the compiler says', () => {
  it('names the types whose events a method cannot take', () => {
    const said = compile(`
      import { EventData, OnScalekitEvent, type ScalekitEvent, type UserSessionChange } from '${PACKAGE}';
      export class Handlers {
        @OnScalekitEvent('user.signup')
        one(@EventData() data: UserSessionChange) { return data; }
        @OnScalekitEvent(['role.*', 'user.login'])
        two(event: ScalekitEvent<'role.*'>) { return event; }
        @OnScalekitEvent('user.login')
        three = 3;
      }`);

    expect(said).toEqual([
      expect.stringContaining(
        `"the first parameter takes neither the events of 'user.signup', nor their data, nor the context"`,
      ),
      expect.stringContaining(`neither the events of 'role.*' or 'user.login', nor`),
      expect.stringContaining('Unable to resolve signature of property decorator'),
      expect.stringContaining('"it is no method"'),
    ]);
    expect(said[0]).not.toContain('\n');
  });

  it('says where to put a parameter whose decorator it cannot see', () => {
    const said = compile(`
      import { createParamDecorator } from '@nestjs/common';
      import { EventData, EventTransaction, OnScalekitEvent, type ScalekitEvent } from '${PACKAGE}';
      const Tenant = createParamDecorator(() => 'acme');
      type Event = ScalekitEvent<'user.signup'>;
      interface Client { query(text: string): Promise<void> }
      export class First {
        @OnScalekitEvent('user.signup') one(@EventData('email') email: string) { return email; }
        @OnScalekitEvent('user.signup') two(@EventTransaction() tx: Client) { return tx; }
        @OnScalekitEvent('user.signup') three(@Tenant() tenant: string) { return tenant; }
      }
      export class Second {
        @OnScalekitEvent('user.signup') one(_event: Event, @EventData('email') email: string) { return email; }
        @OnScalekitEvent('user.signup') two(_event: Event, @EventTransaction() tx: Client) { return tx; }
        @OnScalekitEvent('user.signup') three(_event: Event, @Tenant() tenant: string) { return tenant; }
      }`);

    const wayOut = expect.stringContaining('make the event the first parameter') as unknown;
    expect(said).toEqual([wayOut, wayOut, wayOut]);
  });
});

describe('the editor', () => {
  const offeredAt = openEditor(FILE);
  const imports = `import { EventData, isScalekitEvent, OnScalekitEvent, type ScalekitEvent } from '${PACKAGE}';`;
  const known = [
    'user.signup',
    'organization.directory.user_created',
    '*',
    'user.*',
    'organization.directory.*',
    '*.created',
  ];

  /** What is offered where the `|` is. */
  const completionsAt = (text: string): string[] => offeredAt(text.replace('|', ''), text.indexOf('|'));

  it.each([
    ['the decorator', `class A { @OnScalekitEvent('|') on() {} }`],
    ['a new list in the decorator', `class A { @OnScalekitEvent(['|']) on() {} }`],
    ['a list in the decorator', `class A { @OnScalekitEvent(['role.created', '|']) on() {} }`],
    ['the decorator with options', `class A { @OnScalekitEvent('|', { latestOnly: (e) => e.id }) on() {} }`],
    ['ScalekitEvent', `let event: ScalekitEvent<'|'>;`],
    ['isScalekitEvent', `isScalekitEvent({} as ScalekitEvent, '|')`],
    ['a list in isScalekitEvent', `isScalekitEvent({} as ScalekitEvent, ['|'])`],
  ])('offers all types and patterns in %s', (_name, code) => {
    expect(completionsAt(`${imports} ${code}`)).toEqual(
      expect.arrayContaining([...SCALEKIT_EVENT_TYPES, ...known]),
    );
  });

  it('offers the types of a switch', () => {
    const offered = completionsAt(
      `${imports} const e = {} as ScalekitEvent<'role.*'>; switch (e.type) { case '|': }`,
    );
    expect(offered.sort()).toEqual(['role.created', 'role.deleted', 'role.updated']);
  });

  it('offers the fields of a payload, and the known values of an open enum', () => {
    const event = `${imports} const e = {} as ScalekitEvent<'organization.directory_enabled'>;`;
    expect(completionsAt(`${event} e.data.|`)).toEqual(
      expect.arrayContaining(['provider', 'directory_type', 'id']),
    );
    expect(completionsAt(`${event} e.data.provider === '|'`)).toEqual(
      expect.arrayContaining(['OKTA', 'GOOGLE']),
    );
  });
});

describe('augmentation', () => {
  it('makes types of the user known everywhere', () => {
    const said = compile(`
      import { isScalekitEvent, OnScalekitEvent, type Organization, type ScalekitEvent } from '${PACKAGE}';
      import type { ScalekitEventData, ScalekitEventType } from '${PACKAGE}';

      interface Invoice { readonly amount: number }
      declare module '${PACKAGE}' {
        interface ScalekitEventMap {
          'invoice.paid': Invoice;
          'organization.archived': Organization;
        }
        interface DirectoryUser {
          readonly badge?: string;
        }
      }

      export const amount = (event: ScalekitEvent<'invoice.paid'>): number => event.data.amount;
      export const name = (event: ScalekitEvent<'*.archived'>): string => event.data.display_name;
      export const type: ScalekitEventType = 'invoice.paid';
      export const badge = (data: ScalekitEventData<'organization.directory.user_*'>): string | undefined => data.badge;
      export const narrowed = (event: ScalekitEvent): number =>
        isScalekitEvent(event, 'invoice.*') ? event.data.amount : 0;
      export const switched = (event: ScalekitEvent): number =>
        event.type === 'invoice.paid' ? event.data.amount : 0;

      export class Handlers {
        @OnScalekitEvent('invoice.*') paid(event: ScalekitEvent<'invoice.paid'>) { return event; }
        @OnScalekitEvent('organization.*') all(event: ScalekitEvent<'organization.*'>) { return event; }
        // @ts-expect-error: an invoice is none
        @OnScalekitEvent('invoice.paid') one(event: Organization) { return event; }
      }`);

    expect(said).toEqual([]);
  });
});

function compile(text: string): string[] {
  return diagnosticsOf(programOf(FILE, text));
}
