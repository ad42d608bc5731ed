import {
  Body,
  createParamDecorator,
  type ExecutionContext,
  Headers,
  Injectable,
  Param,
  ParseIntPipe,
  type PipeTransform,
  Query,
  Req,
  type Type,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail, IsOptional } from 'class-validator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EventContext,
  EventData,
  OnScalekitEvent,
  type ScalekitEnvelope,
  type ScalekitEventContext,
} from '../../lib/index.js';
import { ServiceApp } from '../support/service-app.js';
import { anEvent, WebhookApp } from '../support/webhook-app.js';

class UserDto {
  @IsEmail()
  email!: string;

  @IsOptional()
  note?: string;
}

const OrganizationId = createParamDecorator((field: string | undefined, context: ExecutionContext) => {
  const event = context.getArgByIndex<Record<string, unknown>>(0);
  return `${context.getType<string>()}: ${String(event[field ?? 'organization_id'])}`;
});

const seen: unknown[] = [];

describe('the parameters of a handler', () => {
  let server: ServiceApp;
  beforeEach(() => {
    seen.length = 0;
  });
  afterEach(() => server.close());

  const DATA = { email: 'jo@example.com', count: '5', nested: { list: [1] } };
  const deliverTo = async (handlers: Type, fields: object = {}) => {
    server = await ServiceApp.start({ providers: [handlers, Suffix] });
    const event = anEvent('user.created', { data: DATA, organization_id: 'org_1', ...fields });
    const answer = await server.deliver(event);
    return { event, answer };
  };

  @Injectable()
  class Suffix {
    readonly text = '!';
  }

  describe('without decorators a handler gets', () => {
    it('the event and its context', async () => {
      @Injectable()
      class Plain {
        @OnScalekitEvent('user.created')
        on(event: ScalekitEnvelope, context: ScalekitEventContext): void {
          seen.push(event, context.endpoint, context.attempt);
        }
      }
      const { event } = await deliverTo(Plain);
      expect(seen).toEqual([event, 'default', 1]);
    });

    it('the same where a pipe of the class or the method looks at both', async () => {
      const kinds: unknown[] = [];
      const pipe: PipeTransform = {
        transform: (value: object, { type }) => {
          kinds.push(type);
          return value;
        },
      };
      @Injectable()
      @UsePipes(pipe)
      class Piped {
        @OnScalekitEvent('user.created')
        @UsePipes(pipe)
        on(event: ScalekitEnvelope, context: ScalekitEventContext): void {
          seen.push(event, context.endpoint);
        }
      }
      const { event } = await deliverTo(Piped);
      expect(seen).toEqual([event, 'default']);
      expect(kinds).toEqual(['custom', 'custom', 'custom', 'custom']);
    });
  });

  describe('beside decorated parameters', () => {
    it('the first one without a decorator is the event', async () => {
      @Injectable()
      class Mixed {
        @OnScalekitEvent('user.created')
        on(
          event: ScalekitEnvelope,
          @EventData('email') email: string,
          @EventContext() context: object,
        ): void {
          seen.push(event, email, Object.keys(context).includes('deliveryId'));
        }
      }
      const { event } = await deliverTo(Mixed);
      expect(seen).toEqual([event, 'jo@example.com', true]);
    });

    it('the second one without a decorator is the context', async () => {
      @Injectable()
      class Mixed {
        @OnScalekitEvent('user.created')
        on(@EventData() data: object, context: ScalekitEventContext): void {
          seen.push(data, context.endpoint);
        }
      }
      await deliverTo(Mixed);
      expect(seen).toEqual([DATA, 'default']);
    });
  });

  it('a pipe of the method looks at each parameter once, decorated or not', async () => {
    const looked: unknown[] = [];
    const pipe: PipeTransform = {
      transform: (value: object) => {
        looked.push('deliveryId' in value ? 'context' : 'id' in value ? 'event' : 'data');
        return value;
      },
    };
    @Injectable()
    class Piped {
      @OnScalekitEvent('user.created')
      @UsePipes(pipe)
      on(@EventData() data: object, context: ScalekitEventContext): void {
        seen.push(data, context.endpoint);
      }
    }
    await deliverTo(Piped);
    expect(looked.sort()).toEqual(['context', 'data']);
    expect(seen).toEqual([DATA, 'default']);
  });

  describe('@EventData()', () => {
    it('is the payload, the very object of the event', async () => {
      @Injectable()
      class Whole {
        @OnScalekitEvent('user.created')
        on(event: ScalekitEnvelope, @EventData() data: object): void {
          seen.push(data, data === event.data);
        }
      }
      await deliverTo(Whole);
      expect(seen).toEqual([DATA, true]);
    });

    it('is one property of it, undefined where there is none of its own', async () => {
      @Injectable()
      class Properties {
        @OnScalekitEvent('user.created')
        on(
          _event: object,
          @EventData('nested') nested: object,
          @EventData('phone') missing: unknown,
          @EventData('toString') inherited: unknown,
          @EventData('__proto__') prototype: unknown,
        ): void {
          seen.push(nested, missing, inherited, prototype);
        }
      }
      await deliverTo(Properties);
      expect(seen).toEqual([{ list: [1] }, undefined, undefined, undefined]);
    });

    it('goes through pipes, instances and classes with dependencies', async () => {
      @Injectable()
      class AddSuffix implements PipeTransform {
        constructor(private readonly suffix: Suffix) {}

        transform(value: number): string {
          return `${value + 1}${this.suffix.text}`;
        }
      }
      @Injectable()
      class Piped {
        @OnScalekitEvent('user.created')
        on(_event: object, @EventData('count', ParseIntPipe, AddSuffix) count: string): void {
          seen.push(count);
        }
      }
      await deliverTo(Piped);
      expect(seen).toEqual(['6!']);
    });

    it.each([
      ['an instance', () => new ValidationPipe({ transform: true, whitelist: true })],
      ['a class', () => ValidationPipe],
    ])('is checked by a ValidationPipe, %s of it, against the class of the parameter', async (_, pipe) => {
      @Injectable()
      class Validated {
        @OnScalekitEvent('user.created')
        on(@EventData(pipe()) user: UserDto): void {
          seen.push(user.email);
        }
      }
      const { event, answer } = await deliverTo(Validated);
      expect(answer).toMatchObject({ status: 200, body: 'OK' });
      expect(seen).toEqual(['jo@example.com']);
      const refused = { ...event, id: 'evt_bad', data: { email: 'no address' } };
      expect(await server.deliver(refused)).toMatchObject({ status: 200, body: 'OK' });
      expect(await server.deliver(refused)).toMatchObject({ status: 200, body: 'Already processed' });
      expect(seen).toHaveLength(1);
      expect(server.logs.matching(/gave up on event evt_bad .*email must be an email/)).toHaveLength(1);
    });

    it('becomes an instance of the class of the parameter where the pipe transforms', async () => {
      @Injectable()
      class Transformed {
        @OnScalekitEvent('user.created')
        on(@EventData(new ValidationPipe({ transform: true, whitelist: true })) user: UserDto): void {
          seen.push(
            user instanceof UserDto,
            Object.values(user).filter((value) => value !== undefined),
          );
        }
      }
      await deliverTo(Transformed);
      expect(seen).toEqual([true, ['jo@example.com']]);
    });
  });

  it('decorators made with createParamDecorator() work, with data and pipes', async () => {
    @Injectable()
    class Custom {
      @OnScalekitEvent('user.created')
      on(
        _event: object,
        @OrganizationId() organization: string,
        @OrganizationId('type', { transform: (value: string) => value.toUpperCase() }) type: string,
      ): void {
        seen.push(organization, type);
      }
    }
    await deliverTo(Custom);
    expect(seen).toEqual(['scalekit-webhook: org_1', 'SCALEKIT-WEBHOOK: USER.CREATED']);
  });

  it('decorated parameters are inherited', async () => {
    abstract class Base {
      @OnScalekitEvent('user.created')
      on(context: ScalekitEventContext, @EventData('email') email: string): void {
        seen.push(this.constructor.name, email, 'id' in context);
      }
    }
    @Injectable()
    class First extends Base {}
    @Injectable()
    class Second extends Base {}
    server = await ServiceApp.start({ providers: [First, Second] });
    await server.deliver(anEvent('user.created', { data: DATA }));
    expect(seen).toEqual(['First', 'jo@example.com', true, 'Second', 'jo@example.com', true]);
  });
});

describe('a handler with a parameter decorator for routes', () => {
  it.each([
    ['@Body()', Body()],
    ["@Body('email')", Body('email')],
    ['@Req()', Req()],
    ['@Headers()', Headers()],
    ['@Query()', Query()],
    ['@Param()', Param()],
  ])('stops the boot, and the error says what to use: %s', async (_, decorate) => {
    @Injectable()
    class Confused {
      @OnScalekitEvent('user.created')
      on(event: object, user: object): unknown {
        return [event, user];
      }
    }
    decorate(Confused.prototype, 'on', 1);
    const { error } = await WebhookApp.failToStart({ providers: [Confused] });
    expect(error).toMatchObject({ code: 'invalid_handler' });
    expect(error.message).toMatch(
      /^Confused\.on has a parameter decorator for HTTP routes.*use @EventData\(\), @EventContext\(\)/,
    );
  });
});
