import { applyDecorators, UseGuards, ValidationPipe } from '@nestjs/common';
import { describe, expectTypeOf, test } from 'vitest';

import { EventContext, EventData, OnScalekitEvent } from './api.js';
import { DirectoryDto, DirectoryGroupDto, DirectoryUserDto } from './dto-api.js';
import type {
  Directory,
  DirectoryGroup,
  DirectoryUser,
  OpenPayload,
  Organization,
  OrganizationMembership,
  Permission,
  Role,
  ScalekitEnvelope,
  ScalekitEvent,
  ScalekitEventContext,
  ScalekitEventData,
  SsoConnection,
  UserSessionChange,
} from './api.js';

describe('a method with @OnScalekitEvent()', () => {
  test('may take the event, its data or the context, or nothing', () => {
    class Handlers {
      @OnScalekitEvent('user.signup') event(_event: ScalekitEvent<'user.signup'>) {}
      @OnScalekitEvent('user.signup') both(_event: ScalekitEvent<'user.signup'>, _: ScalekitEventContext) {}
      @OnScalekitEvent('user.signup') data(@EventData() _data: OrganizationMembership) {}
      @OnScalekitEvent('user.signup') context(@EventContext() _context: ScalekitEventContext) {}
      @OnScalekitEvent('user.signup') nothing() {}
      @OnScalekitEvent('user.signup') async promise(_event: ScalekitEvent<'user.signup'>): Promise<void> {}
      @OnScalekitEvent('user.signup') optional(_event?: ScalekitEvent<'user.signup'>) {}
      @OnScalekitEvent('user.signup') static fixed(_event: ScalekitEvent<'user.signup'>) {}
      @OnScalekitEvent('user.signup') private hidden(_event: ScalekitEvent<'user.signup'>) {}
      @OnScalekitEvent('user.signup') rest(..._all: [ScalekitEvent<'user.signup'>, ScalekitEventContext]) {}
      @OnScalekitEvent('user.signup') generic<E extends ScalekitEvent>(event: E) {
        return event;
      }
      touch() {
        this.hidden({} as ScalekitEvent<'user.signup'>);
      }
    }
    return Handlers;
  });

  test('may take more than what comes', () => {
    class Handlers {
      @OnScalekitEvent('user.signup') all(_event: ScalekitEvent) {}
      @OnScalekitEvent('user.signup') some(_event: ScalekitEvent<'user.*'>) {}
      @OnScalekitEvent('user.signup') anyType(_event: ScalekitEvent<string>) {}
      @OnScalekitEvent('user.signup') envelope(_event: ScalekitEnvelope) {}
      @OnScalekitEvent('user.signup') known(_value: unknown) {}
      @OnScalekitEvent('user.signup') object(_value: object) {}
      @OnScalekitEvent('user.signup') record(_value: Record<string, unknown>) {}
      @OnScalekitEvent('user.signup') open(_value: OpenPayload) {}
      @OnScalekitEvent('user.signup') part(_event: { id: string; type: string }) {}
      @OnScalekitEvent('user.signup') partOfData(_data: { user: { email?: string } }) {}
      @OnScalekitEvent('user.signup') union(_data: OrganizationMembership | UserSessionChange) {}
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what people write who do not care
      @OnScalekitEvent('user.signup') any(_value: any) {}
    }
    return Handlers;
  });

  test('is refused if it takes the event or the payload of another type', () => {
    class Handlers {
      // @ts-expect-error: an event of another type
      @OnScalekitEvent('user.signup') event(_event: ScalekitEvent<'user.login'>) {}
      // @ts-expect-error: the payload of another type
      @OnScalekitEvent('user.signup') data(@EventData() _data: UserSessionChange) {}
      // @ts-expect-error: the payload of another type
      @OnScalekitEvent('user.login') login(@EventData() _data: ScalekitEventData<'user.signup'>) {}
      // @ts-expect-error: an event of another type, though of the same payload
      @OnScalekitEvent('user.login') logout(_event: ScalekitEvent<'user.logout'>) {}
      // @ts-expect-error: the payload of another type, though all fields that both require are the same
      @OnScalekitEvent('organization.directory_enabled') directory(@EventData() _user: DirectoryUser) {}
      // @ts-expect-error: the same once more
      @OnScalekitEvent('organization.directory.user_created') user(@EventData() _group: DirectoryGroup) {}
      // @ts-expect-error: the same once more
      @OnScalekitEvent('organization.sso_created') sso(@EventData() _directory: Directory) {}
      // @ts-expect-error: the payload of another type, though this one has all of its fields
      @OnScalekitEvent('role.created') role(@EventData() _permission: Permission) {}
    }
    return Handlers;
  });

  test('is refused if its first parameter is none of the three', () => {
    class Handlers {
      // @ts-expect-error: a string is none of them
      @OnScalekitEvent('user.signup') text(_text: string) {}
      // @ts-expect-error: no number, even if it may be left out
      @OnScalekitEvent('user.signup') number(_number?: number) {}
      // @ts-expect-error: a property of the data is for a later parameter
      @OnScalekitEvent('user.created') property(@EventData('email') _email: string) {}
      // @ts-expect-error: a list is none of them
      @OnScalekitEvent('user.signup') list(_list: unknown[]) {}
      // @ts-expect-error: a function is none of them
      @OnScalekitEvent('user.signup') callback(_callback: () => void) {}
      // @ts-expect-error: nothing can be passed for never
      @OnScalekitEvent('user.signup') never(_never: never) {}
      // @ts-expect-error: a field of the wrong kind
      @OnScalekitEvent('organization.created') kind(_data: { id: number }) {}
      // @ts-expect-error: a field that no signup has
      @OnScalekitEvent('user.signup') invented(_data: { user: object; plan: string }) {}
      // @ts-expect-error: it has nothing in common
      @OnScalekitEvent('user.signup') weak(_data: { plan?: string }) {}
      // @ts-expect-error: behind the event it would do
      @OnScalekitEvent('user.signup') swapped(
        _context: ScalekitEventContext & { extra: 1 },
        _event: ScalekitEvent,
      ) {}
    }
    return Handlers;
  });

  test('is checked against every type of a list', () => {
    class Handlers {
      @OnScalekitEvent(['user.login', 'user.logout']) union(
        _event: ScalekitEvent<'user.login' | 'user.logout'>,
      ) {}
      @OnScalekitEvent(['user.login', 'user.logout']) data(@EventData() _data: UserSessionChange) {}
      @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.user_updated'])
      upsert(@EventData() _user: DirectoryUser) {}
      @OnScalekitEvent(['role.created', 'permission.created']) either(
        @EventData() _data: Role | Permission,
      ) {}
      @OnScalekitEvent(['role.created', 'invoice.*']) open(
        _event: ScalekitEvent<'role.created' | 'invoice.*'>,
      ) {}

      // @ts-expect-error: a logout comes, too
      @OnScalekitEvent(['user.login', 'user.logout']) login(_event: ScalekitEvent<'user.login'>) {}
      // @ts-expect-error: a signup comes, too
      @OnScalekitEvent(['user.login', 'user.signup']) session(@EventData() _data: UserSessionChange) {}
      // @ts-expect-error: a group comes as well
      @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.group_created'])
      user(@EventData() _user: DirectoryUser) {}
    }
    return Handlers;
  });

  test('is checked against every type that a pattern matches', () => {
    class Handlers {
      @OnScalekitEvent('organization.*') family(_event: ScalekitEvent<'organization.*'>) {}
      @OnScalekitEvent('organization.*') all(_event: ScalekitEvent) {}
      @OnScalekitEvent('*') everything(_event: ScalekitEvent) {}
      @OnScalekitEvent('organization.directory.user_*') users(@EventData() _user: DirectoryUser) {}
      @OnScalekitEvent('organization.directory.*') both(@EventData() _data: DirectoryUser | DirectoryGroup) {}
      @OnScalekitEvent('organization.*') common(_data: { readonly id: string }) {}

      // @ts-expect-error: more comes than that
      @OnScalekitEvent('organization.*') created(_event: ScalekitEvent<'organization.created'>) {}
      // @ts-expect-error: more comes than that
      @OnScalekitEvent('organization.*') organization(@EventData() _data: Organization) {}
      // @ts-expect-error: groups come as well
      @OnScalekitEvent('organization.directory.*') user(@EventData() _user: DirectoryUser) {}
      // @ts-expect-error: more comes than that
      @OnScalekitEvent('*') narrow(_event: ScalekitEvent<'user.*'>) {}
    }
    return Handlers;
  });

  test('may listen to a type that nobody knows', () => {
    class Handlers {
      @OnScalekitEvent('something.new') event(_event: ScalekitEvent<'something.new'>) {}
      @OnScalekitEvent('something.new') open(@EventData() _data: Record<string, unknown>) {}
      @OnScalekitEvent('something.new') own(@EventData() _data: { amount: number }) {}
      @OnScalekitEvent('membership.created') unpublished(@EventData() _data: { userId: string }) {}
      @OnScalekitEvent('invoice.*') family(_event: ScalekitEvent<'invoice.*'>) {}

      // @ts-expect-error: not one of the known types
      @OnScalekitEvent('something.new') known(_event: ScalekitEvent) {}
      // @ts-expect-error: an event of another type
      @OnScalekitEvent('membership.created') other(_event: ScalekitEvent<'user.login'>) {}
      // @ts-expect-error: data is an object
      @OnScalekitEvent('something.new') text(@EventData() _data: string) {}
    }
    return Handlers;
  });

  test('may listen to types that only run time knows', () => {
    const type = 'user.login' as string;
    class Handlers {
      @OnScalekitEvent(type) all(_event: ScalekitEvent) {}
      @OnScalekitEvent([type]) open(_event: ScalekitEvent<string>) {}
      // @ts-expect-error: it may be another
      @OnScalekitEvent(type) one(_event: ScalekitEvent<'user.login'>) {}
    }
    return Handlers;
  });

  test('may take a DTO that narrows the payload', () => {
    class UserDto {
      id!: string;
      email!: string;
      groups!: { id: string; name: string }[];
      nickname?: string | null;
      label(): string {
        return this.id;
      }
    }
    class Provider {
      provider!: 'OKTA' | 'GOOGLE';
      external_id?: string;
    }
    class Renamed {
      id!: string;
      mail!: string;
    }
    class Retyped {
      groups!: string[];
    }
    class Handlers {
      @OnScalekitEvent('organization.directory.user_created')
      own(@EventData(new ValidationPipe()) _user: UserDto) {}
      @OnScalekitEvent('organization.directory.user_*')
      ready(@EventData(new ValidationPipe()) _user: DirectoryUserDto) {}
      @OnScalekitEvent('organization.directory.group_*')
      group(@EventData(new ValidationPipe()) _group: DirectoryGroupDto) {}
      @OnScalekitEvent([
        'organization.directory_enabled',
        'organization.directory_disabled',
        'organization.directory_deleted',
      ])
      directory(@EventData(new ValidationPipe()) _directory: DirectoryDto) {}
      @OnScalekitEvent('organization.directory_enabled')
      narrowed(@EventData(new ValidationPipe()) _directory: Provider) {}

      // @ts-expect-error: required, and no directory sends it
      @OnScalekitEvent('organization.directory.user_created') renamed(@EventData() _user: Renamed) {}
      // @ts-expect-error: groups are objects
      @OnScalekitEvent('organization.directory.user_created') retyped(@EventData() _user: Retyped) {}
      // @ts-expect-error: the DTO of another payload
      @OnScalekitEvent('organization.sso_created') other(@EventData() _connection: DirectoryUserDto) {}
    }
    return Handlers;
  });

  test('may be told its endpoint', () => {
    class Handlers {
      @OnScalekitEvent('user.login', { endpoint: 'eu' }) one(_event: ScalekitEvent<'user.login'>) {}
      // @ts-expect-error: there is no such option
      @OnScalekitEvent('user.login', { path: '/' }) two(_event: ScalekitEvent<'user.login'>) {}
      // @ts-expect-error: a name is a string
      @OnScalekitEvent('user.login', { endpoint: 1 }) three(_event: ScalekitEvent<'user.login'>) {}
    }
    return Handlers;
  });

  test('may be told what its events are about, by their fields', () => {
    class Handlers {
      @OnScalekitEvent('user.login', {
        latestOnly: (event) => {
          expectTypeOf(event).toEqualTypeOf<ScalekitEvent<'user.login'>>();
          return event.id;
        },
      })
      one() {}
      @OnScalekitEvent(['role.created', 'role.updated'], {
        latestOnly: (event) => {
          expectTypeOf(event).toEqualTypeOf<ScalekitEvent<'role.created' | 'role.updated'>>();
          return event.data.id;
        },
      })
      several(_event: ScalekitEvent<'role.created' | 'role.updated'>) {}
      @OnScalekitEvent('organization.directory.user_*', {
        endpoint: 'eu',
        latestOnly: (event) => {
          expectTypeOf(event).toEqualTypeOf<ScalekitEvent<'organization.directory.user_*'>>();
          return event.data.email;
        },
      })
      pattern(@EventData() _user: DirectoryUser) {}
      @OnScalekitEvent('*', { latestOnly: (event) => event.organization_id })
      all(_event: ScalekitEvent) {}

      // @ts-expect-error: a role has no such field
      @OnScalekitEvent('role.created', { latestOnly: (event) => String(event.data.email) }) field() {}
      // @ts-expect-error: a name is a string
      @OnScalekitEvent('role.created', { latestOnly: () => 1 }) number() {}
      // @ts-expect-error: an event of another type
      @OnScalekitEvent('role.created', { latestOnly: (_: ScalekitEvent<'role.deleted'>) => '' }) other() {}
      // @ts-expect-error: the parameter is checked as ever
      @OnScalekitEvent('role.created', { latestOnly: (event) => event.id }) data(_: DirectoryUser) {}
    }
    return Handlers;
  });

  test('may have several decorators, each of which is checked', () => {
    class Handlers {
      @OnScalekitEvent('role.created')
      @OnScalekitEvent('role.deleted', { endpoint: 'eu' })
      both(@EventData() _role: Role) {}
      @OnScalekitEvent('role.created')
      // @ts-expect-error: a connection is no role
      @OnScalekitEvent('organization.sso_created')
      one(@EventData() _role: Role) {}
      @OnScalekitEvent('organization.sso_created')
      sso(@EventData() _connection: SsoConnection) {}
    }
    return Handlers;
  });

  test('is a method', () => {
    class Handlers {
      // @ts-expect-error: a property is none
      @OnScalekitEvent('user.login') property = (_event: ScalekitEvent) => {};
      // @ts-expect-error: nor an accessor
      @OnScalekitEvent('user.login') get accessor() {
        return String(this.property);
      }
    }
    return Handlers;
  });
});

test('the decorator composes with others', () => {
  const onLogin = (): MethodDecorator => OnScalekitEvent('user.login');
  const guarded = () => applyDecorators(OnScalekitEvent('user.login'), UseGuards());
  class Handlers {
    @onLogin() one(_event: ScalekitEvent<'user.login'>) {}
    @guarded() two(_event: ScalekitEvent<'user.login'>) {}
  }
  return Handlers;
});
