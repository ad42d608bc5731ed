import { describe, expectTypeOf, test } from 'vitest';

import { isScalekitEvent, occurredAtNanos } from './api.js';
import type {
  ConnectedAccountStatusChange,
  Directory,
  DirectoryGroup,
  DirectoryUser,
  DirectoryUserGroup,
  OpenPayload,
  Organization,
  OrganizationDomain,
  OrganizationMembership,
  SCALEKIT_EVENT_TYPES,
  ScalekitEnvelope,
  ScalekitEvent,
  ScalekitEventData,
  ScalekitEventMap,
  ScalekitEventPattern,
  ScalekitEventType,
  SsoConnection,
  UserAuthenticated,
  UserSessionChange,
} from './api.js';

describe('ScalekitEvent', () => {
  test('of one type has that type and its payload', () => {
    expectTypeOf<ScalekitEvent<'user.signup'>['type']>().toEqualTypeOf<'user.signup'>();
    expectTypeOf<ScalekitEvent<'user.signup'>['data']>().toEqualTypeOf<OrganizationMembership>();
    expectTypeOf<
      ScalekitEvent<'organization.directory.user_created'>['data']
    >().toEqualTypeOf<DirectoryUser>();
  });

  test('of an API reference type has the long envelope', () => {
    type Event = ScalekitEvent<'organization.created'>;
    expectTypeOf<Event>().toHaveProperty('id').toEqualTypeOf<string>();
    expectTypeOf<Event>().toHaveProperty('spec_version').toEqualTypeOf<string>();
    expectTypeOf<Event>().toHaveProperty('occurred_at').toEqualTypeOf<string>();
    expectTypeOf<Event>().toHaveProperty('environment_id').toEqualTypeOf<string>();
    expectTypeOf<Event>().toHaveProperty('object').toEqualTypeOf<'Organization' | (string & {})>();
    expectTypeOf<Event['organization_id']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Event['display_name']>().toEqualTypeOf<string | undefined>();
  });

  test('of an overview type has the short envelope', () => {
    expectTypeOf<ScalekitEvent<'user.authenticated'>['created']>().toEqualTypeOf<string>();
    expectTypeOf<ScalekitEvent<'user.authenticated'>['data']>().toEqualTypeOf<UserAuthenticated>();
    expectTypeOf<ScalekitEvent<'user.authenticated'>['occurred_at']>().toEqualTypeOf<string | undefined>();
  });

  test('of a type whose payload is not published is open', () => {
    expectTypeOf<ScalekitEvent<'membership.created'>['data']>().toEqualTypeOf<OpenPayload>();
    expectTypeOf<OpenPayload>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
  });

  test('of an unknown type keeps the type and is open', () => {
    expectTypeOf<ScalekitEvent<'something.new'>['type']>().toEqualTypeOf<'something.new'>();
    expectTypeOf<ScalekitEvent<'something.new'>['data']>().toEqualTypeOf<OpenPayload>();
    expectTypeOf<ScalekitEvent<'something.new'>['data']>().toExtend<Record<string, unknown>>();
  });

  test('of a string known at run time only is open', () => {
    expectTypeOf<ScalekitEvent<string>['type']>().toEqualTypeOf<string>();
    expectTypeOf<ScalekitEvent<string>['data']>().toEqualTypeOf<OpenPayload>();
  });

  test('of several types is their union', () => {
    type Event = ScalekitEvent<'user.login' | 'user.signup' | 'something.new'>;
    expectTypeOf<Event>().toEqualTypeOf<
      ScalekitEvent<'user.login'> | ScalekitEvent<'user.signup'> | ScalekitEvent<'something.new'>
    >();
  });

  test('is by default the union of all known types', () => {
    expectTypeOf<ScalekitEvent>().toEqualTypeOf<ScalekitEvent<ScalekitEventType>>();
    expectTypeOf<ScalekitEvent['type']>().toEqualTypeOf<ScalekitEventType>();
  });

  test('narrows its data by its type', () => {
    const event = {} as ScalekitEvent;
    switch (event.type) {
      case 'user.signup':
        expectTypeOf(event.data).toEqualTypeOf<OrganizationMembership>();
        break;
      case 'user.login':
      case 'user.logout':
        expectTypeOf(event.data).toEqualTypeOf<UserSessionChange>();
        break;
      case 'connected_account.status_updated':
        expectTypeOf(event.data).toEqualTypeOf<ConnectedAccountStatusChange>();
        break;
      case 'membership.created':
        expectTypeOf(event.data).toEqualTypeOf<OpenPayload>();
        break;
      default:
        expectTypeOf(event.data).not.toBeNever();
    }
  });

  test('offers every field of both envelopes before it is narrowed', () => {
    const event = {} as ScalekitEvent;
    expectTypeOf(event.created).toEqualTypeOf<string | undefined>();
    expectTypeOf(event.occurred_at).toEqualTypeOf<string | undefined>();
  });

  test('is read-only, in depth', () => {
    const event = {} as ScalekitEvent<'organization.directory.user_created'>;
    // @ts-expect-error: the event is frozen
    event.id = '';
    // @ts-expect-error: so is its payload
    event.data.email = '';
    expectTypeOf(event.data.groups).toEqualTypeOf<readonly DirectoryUserGroup[] | undefined>();
    // @ts-expect-error: and the maps in it
    event.data.raw_attributes.key = 1;
    // @ts-expect-error: and the payload of an unknown type
    (({}) as ScalekitEvent<'something.new'>).data.key = 1;
  });

  test('has the fields of the schema and no others, optional and nullable as there', () => {
    type Data = ScalekitEventData<'organization.created'>;
    expectTypeOf<Data>().not.toHaveProperty('displayname');
    expectTypeOf<Data['id']>().toEqualTypeOf<string>();
    expectTypeOf<Data['external_id']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Data['metadata']>().toEqualTypeOf<OpenPayload | null | undefined>();
  });
});

describe('patterns', () => {
  test('a family of types', () => {
    expectTypeOf<ScalekitEvent<'organization.directory.*'>['type']>().toEqualTypeOf<
      | 'organization.directory.user_created'
      | 'organization.directory.user_updated'
      | 'organization.directory.user_deleted'
      | 'organization.directory.group_created'
      | 'organization.directory.group_updated'
      | 'organization.directory.group_deleted'
    >();
    expectTypeOf<ScalekitEventData<'organization.directory.*'>>().toEqualTypeOf<
      DirectoryUser | DirectoryGroup
    >();
  });

  test('the star takes dots', () => {
    expectTypeOf<ScalekitEventData<'organization.*'>>().toEqualTypeOf<
      Organization | OrganizationDomain | SsoConnection | Directory | DirectoryUser | DirectoryGroup
    >();
  });

  test('a star in front', () => {
    expectTypeOf<ScalekitEvent<'*.created'>['type']>().toEqualTypeOf<
      | 'organization.created'
      | 'role.created'
      | 'permission.created'
      | 'connected_account.created'
      | 'user.created'
      | 'session.created'
      | 'connection.created'
      | 'membership.created'
    >();
  });

  test('stars in the middle, several, side by side', () => {
    expectTypeOf<
      ScalekitEvent<'user.*_created'>['type']
    >().toEqualTypeOf<'user.organization_membership_created'>();
    expectTypeOf<ScalekitEvent<'*.directory.*_deleted'>['type']>().toEqualTypeOf<
      'organization.directory.user_deleted' | 'organization.directory.group_deleted'
    >();
    expectTypeOf<ScalekitEvent<'role.**'>>().toEqualTypeOf<ScalekitEvent<'role.*'>>();
    expectTypeOf<ScalekitEvent<'***'>>().toEqualTypeOf<ScalekitEvent>();
  });

  test('a star that stands for nothing', () => {
    expectTypeOf<ScalekitEvent<'user.login*'>['type']>().toEqualTypeOf<'user.login'>();
    expectTypeOf<ScalekitEvent<'user.login**'>['type']>().toEqualTypeOf<'user.login'>();
    expectTypeOf<ScalekitEvent<'*user.*login'>['type']>().toEqualTypeOf<'user.login'>();
    expectTypeOf<ScalekitEvent<'user.log*gin'>['type']>().toEqualTypeOf<`user.log${string}gin`>();
  });

  test('one that no known type matches is open, and keeps its shape', () => {
    expectTypeOf<ScalekitEvent<'invoice.*'>['type']>().toEqualTypeOf<`invoice.${string}`>();
    expectTypeOf<ScalekitEvent<'invoice.*'>['data']>().toEqualTypeOf<OpenPayload>();
  });

  test('any string is one', () => {
    expectTypeOf<ScalekitEventType>().toExtend<ScalekitEventPattern>();
    expectTypeOf<'anything'>().toExtend<ScalekitEventPattern>();
  });
});

describe('ScalekitEventMap', () => {
  test('has a payload for each type', () => {
    expectTypeOf<keyof ScalekitEventMap>().toEqualTypeOf<ScalekitEventType>();
    expectTypeOf<ScalekitEventMap['organization.created']>().toEqualTypeOf<Organization>();
  });

  test('has exactly the types of the list', () => {
    expectTypeOf<(typeof SCALEKIT_EVENT_TYPES)[number]>().toEqualTypeOf<ScalekitEventType>();
  });
});

describe('isScalekitEvent', () => {
  test('narrows by type, pattern and list', () => {
    const event = {} as ScalekitEvent;
    if (isScalekitEvent(event, 'user.signup'))
      expectTypeOf(event.data).toEqualTypeOf<OrganizationMembership>();
    if (isScalekitEvent(event, 'organization.directory.user_*')) {
      expectTypeOf(event.data).toEqualTypeOf<DirectoryUser>();
    }
    if (isScalekitEvent(event, ['user.login', 'user.logout'])) {
      expectTypeOf(event).toEqualTypeOf<ScalekitEvent<'user.login' | 'user.logout'>>();
    } else {
      expectTypeOf(event.type).toEqualTypeOf<Exclude<ScalekitEventType, 'user.login' | 'user.logout'>>();
    }
  });

  test('narrows an envelope that was read by hand', () => {
    const envelope = {} as ScalekitEnvelope;
    if (isScalekitEvent(envelope, 'organization.created')) {
      expectTypeOf(envelope.data.display_name).toEqualTypeOf<string>();
    }
  });
});

test('occurredAtNanos takes every event', () => {
  expectTypeOf(occurredAtNanos({} as ScalekitEvent)).toEqualTypeOf<bigint | undefined>();
  expectTypeOf(occurredAtNanos({} as ScalekitEvent<'user.created'>)).toEqualTypeOf<bigint | undefined>();
  expectTypeOf(occurredAtNanos({} as ScalekitEnvelope)).toEqualTypeOf<bigint | undefined>();
});
