const assert = require('node:assert/strict');
const { describe, it, mock } = require('node:test');

/** The kit under `node --test`, as it was loaded: see test/e2e/testing-node-test.test.ts. */
module.exports = function runCases({ nest, webhooks, kit }) {
  const { NestFactory } = nest;
  const { MemoryIdempotencyStore, OnScalekitEvent, ScalekitWebhookModule } = webhooks;
  const { describeIdempotencyStore, scalekitEvent, ScalekitWebhookTester, ScalekitWebhookTestingModule } =
    kit;

  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

  class UserSync {
    emails = [];
    add(event) {
      this.emails.push(event.data.email);
    }
  }
  OnScalekitEvent('user.created')(
    UserSync.prototype,
    'add',
    Object.getOwnPropertyDescriptor(UserSync.prototype, 'add'),
  );

  it('a handler class is tested without an application', async () => {
    const handlers = await ScalekitWebhookTestingModule.create({ providers: [UserSync] });
    await handlers.emit(scalekitEvent('user.created', { data: { email: 'ada@example.com' } }));
    assert.deepEqual(handlers.get(UserSync).emails, ['ada@example.com']);
  });

  it('an application is sent deliveries', async () => {
    const module = {
      module: class AppModule {},
      imports: [ScalekitWebhookModule.forRoot({ secret })],
      providers: [UserSync],
    };
    const app = await NestFactory.create(module, { logger: false });
    await app.listen(0, '127.0.0.1');
    const tester = new ScalekitWebhookTester(app, { secret });
    const [first, second] = await tester.deliverTwice(scalekitEvent('user.created'));
    assert.deepEqual([first.body, first.handlers], ['OK', { 'UserSync.add': 1 }]);
    assert.deepEqual([second.body, second.handlers], ['Already processed', {}]);
    await app.close();
  });

  let now = 0;
  mock.method(performance, 'now', () => now);
  describeIdempotencyStore(
    'MemoryIdempotencyStore',
    () => ({
      store: new MemoryIdempotencyStore(),
      advance: (ms) => {
        now += ms;
      },
    }),
    { describe, it, sequences: 20 },
  );
};
