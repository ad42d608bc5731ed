import { describe, expectTypeOf, it, test } from 'vitest';
import type { OpenPayload, ScalekitEvent, ScalekitEventContext, ScalekitEventType } from './api.js';
import { SCALEKIT_EVENT_TYPES } from './api.js';
import {
  describeIdempotencyStore,
  scalekitEvent,
  type ScalekitWebhookTester,
  type ScalekitWebhookTestingModule,
  signedDelivery,
} from './testing-api.js';

describe('scalekitEvent', () => {
  test('makes an event of its type', () => {
    expectTypeOf(scalekitEvent('user.signup')).toEqualTypeOf<ScalekitEvent<'user.signup'>>();
    expectTypeOf(scalekitEvent('user.created').data.email).toEqualTypeOf<string>();
  });

  test('takes overrides of any field, however deep', () => {
    scalekitEvent('user.signup', { data: { user: { user_profile: { given_name: 'Ada' } } } });
    scalekitEvent('organization.directory.user_created', { data: { groups: [{ name: 'One' }] } });
    scalekitEvent('organization.created', { data: { metadata: null }, organization_id: undefined });
    scalekitEvent('user.created', {}, { seed: 7, occurredAt: new Date() });
  });

  test('refuses overrides that do not fit the type', () => {
    // @ts-expect-error: no such field
    scalekitEvent('user.signup', { data: { user: { mail: 'ada@example.com' } } });
    // @ts-expect-error: an address is text
    scalekitEvent('user.signup', { data: { user: { email: 7 } } });
    // @ts-expect-error: it is never null
    scalekitEvent('user.created', { data: { userId: null } });
    // @ts-expect-error: a field of another type
    scalekitEvent('user.created', { data: { sessionId: 'ses_1' } });
    // @ts-expect-error: a list is wanted
    scalekitEvent('organization.directory.user_created', { data: { groups: { name: 'One' } } });
    // @ts-expect-error: the type is the first argument
    scalekitEvent('user.created', { type: 'user.deleted' });
    // @ts-expect-error: no such option
    scalekitEvent('user.created', {}, { seeds: 7 });
  });

  test('takes types that nobody knows, with any payload', () => {
    const event = scalekitEvent('workflow.started', { data: { step: 1 } });
    expectTypeOf(event.type).toEqualTypeOf<'workflow.started'>();
    expectTypeOf(event.data).toEqualTypeOf<OpenPayload>();
  });

  test('takes a type that is only known when it runs', () => {
    for (const type of SCALEKIT_EVENT_TYPES) {
      expectTypeOf(scalekitEvent(type).type).toEqualTypeOf<ScalekitEventType>();
    }
    expectTypeOf(scalekitEvent(String()).data).toEqualTypeOf<OpenPayload>();
  });
});

describe('signedDelivery', () => {
  const event = scalekitEvent('user.created');

  test('is what fetch and ScalekitWebhookService.receive take', () => {
    const delivery = signedDelivery(event, { secret: 'whsec_…', scheme: 'digest' });
    expectTypeOf(delivery).toExtend<RequestInit>();
    expectTypeOf(delivery).toExtend<{
      readonly rawBody: Uint8Array;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    }>();
    expectTypeOf(signedDelivery.duplicateOf(delivery)).toEqualTypeOf(delivery);
  });

  test('has presets that want what they need and no more', () => {
    signedDelivery.forged(event);
    signedDelivery.rotated(event, { secret: 'whsec_…', previousSecret: 'whsec_…' });
    // @ts-expect-error: a forger has no secret
    signedDelivery.forged(event, { secret: 'whsec_…' });
    // @ts-expect-error: which was the old one?
    signedDelivery.rotated(event, { secret: 'whsec_…' });
    // @ts-expect-error: no such scheme
    signedDelivery(event, { secret: 'whsec_…', scheme: 'sha256' });
  });
});

test('ScalekitWebhookTester takes events and deliveries', () => {
  const deliver = {} as ScalekitWebhookTester['deliver'];
  expectTypeOf(deliver).toBeCallableWith(scalekitEvent('user.created'));
  expectTypeOf(deliver).toBeCallableWith(signedDelivery.forged({}));
  expectTypeOf(deliver).toBeCallableWith('no JSON');
  expectTypeOf<Awaited<ReturnType<typeof deliver>>['handlers']>().toEqualTypeOf<
    Readonly<Record<string, number>>
  >();
});

test('ScalekitWebhookTestingModule takes events, and parts of their context', () => {
  const emit = {} as ScalekitWebhookTestingModule['emit'];
  expectTypeOf(emit).toBeCallableWith(scalekitEvent('user.created'));
  expectTypeOf(emit).toBeCallableWith(scalekitEvent('user.created'), { attempt: 2, transaction: {} });
  expectTypeOf<NonNullable<Parameters<typeof emit>[1]>>().toExtend<Partial<ScalekitEventContext>>();
});

test('describeIdempotencyStore takes the describe and it of a test runner', () => {
  expectTypeOf(describeIdempotencyStore).toBeCallableWith(
    'MyStore',
    () => {
      throw new Error('never called');
    },
    { describe, it, sequences: 10, seed: 'a' },
  );
});
