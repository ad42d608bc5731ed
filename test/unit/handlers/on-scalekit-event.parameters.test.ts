import { Injectable, ParseUUIDPipe, ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../../../lib/events/envelope.js';
import { EventContext, EventData } from '../../../lib/handlers/event-parameters.decorator.js';

const ROUTE_ARGUMENTS = '__routeArguments__';

class NamedDto {
  @IsString() name!: string;
}

/** Tells what the last pipe in line was given. */
class SpyPipe implements PipeTransform {
  static seen: ArgumentMetadata | undefined;

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    SpyPipe.seen = metadata;
    return value;
  }
}

@Injectable()
class Suffix {
  readonly text = '!';
}

@Injectable()
class SuffixPipe implements PipeTransform<string, string> {
  constructor(private readonly suffix: Suffix) {}

  transform(value: string, metadata: ArgumentMetadata): string {
    return `${value}${this.suffix.text}${metadata.type}`;
  }
}

@Injectable()
class Handlers {
  data(@EventData() data: unknown) {
    return data;
  }
  property(@EventData('name') name: unknown) {
    return name;
  }
  validated(@EventData(new ValidationPipe()) data: NamedDto) {
    return data;
  }
  validatedByClass(@EventData(ValidationPipe) data: NamedDto) {
    return data;
  }
  transformed(@EventData(new ValidationPipe({ transform: true })) data: NamedDto) {
    return data;
  }
  propertyOfKind(@EventData('name', ParseUUIDPipe) name: string) {
    return name;
  }
  propertyAndProvider(@EventData('name', SuffixPipe) name: string) {
    return name;
  }
  spied(@EventData('name', new SpyPipe()) name: string) {
    return name;
  }
  context(@EventContext() context: unknown) {
    return context;
  }
}

describe('EventData', () => {
  it('gives the data of the event, the very object', async () => {
    const data = { name: 'x' };
    expect(await call('data', data)).toBe(data);
  });

  it('gives a property of the data', async () => {
    expect(await call('property', { name: 'x' })).toBe('x');
    expect(await call('property', {})).toBeUndefined();
  });

  it('gives no property that the data inherits', async () => {
    expect(await call('property', Object.create({ name: 'x' }) as object)).toBeUndefined();
  });

  it.each(['validated', 'validatedByClass'] as const)(
    'lets a ValidationPipe check it: %s',
    async (method) => {
      expect(await call(method, { name: 'x', more: 1 })).toEqual({ name: 'x', more: 1 });
      await expect(call(method, { name: 1 })).rejects.toMatchObject({
        code: 'unrecoverable_event',
        message: 'The payload is not valid: name must be a string',
      });
    },
  );

  it('lets a ValidationPipe transform it', async () => {
    expect(await call('transformed', { name: 'x' })).toBeInstanceOf(NamedDto);
  });

  it('lets a ValidationPipe strip the keys that it strips, though the event is frozen', async () => {
    const data = JSON.parse('{"name":"x","raw":{"__proto__":{"a":1},"constructor":null}}') as {
      raw: object;
    };

    const validated = (await call('validated', data)) as typeof data;

    expect(Object.getOwnPropertyNames(validated.raw)).toEqual([]);
    expect(Object.getOwnPropertyNames(data.raw)).toEqual(['__proto__', 'constructor']);
  });

  it('hands a property to its pipes, which may have dependencies', async () => {
    await expect(call('propertyOfKind', { name: 'x' })).rejects.toThrow('uuid is expected');
    expect(await call('propertyAndProvider', { name: 'x' })).toBe('x!body');
  });

  it('tells pipes what they get: a body, its property, its class', async () => {
    await call('spied', { name: 'x' });
    expect(SpyPipe.seen).toMatchObject({ type: 'body', data: 'name', metatype: String });
  });
});

describe('EventContext', () => {
  it('gives the context of the delivery', async () => {
    const context = { deliveryId: 'msg_1' };
    expect(await call('context', {}, context)).toBe(context);
  });
});

async function call(method: keyof Handlers, data: object, context: object = {}): Promise<unknown> {
  const module = await Test.createTestingModule({ providers: [Handlers, Suffix] }).compile();
  const handlers = module.get(Handlers);
  const invoke = module
    .get(ExternalContextCreator, { strict: false })
    .create(
      handlers,
      Reflect.get(handlers, method) as (...args: unknown[]) => unknown,
      method,
      ROUTE_ARGUMENTS,
      {
        exchangeKeyForValue: () => undefined,
      },
    );
  const event = { id: 'evt_1', type: 'user.created', data };
  deepFreeze(event, 10);
  return (await invoke(event, context)) as unknown;
}
