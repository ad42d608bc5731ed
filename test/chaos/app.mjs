// One process of the fleet: a real application on a fixed port, with a store and a dispatcher that other processes
// share. Everything that its handlers and its store do is appended to a log that outlives it.
import 'reflect-metadata';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventTransaction, OnScalekitEvent, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { connect } from './engines.mjs';

const setup = JSON.parse(process.argv[2]);

function handlerMs() {
  const [least, most] = setup.handlerMs ?? [0, 10];
  return least + Math.random() * (most - least);
}

/** Of one line, so the appends of several processes do not mix; the kernel has it when this returns. */
function log(...fields) {
  appendFileSync(setup.log, `${fields.join('\t')}\t${process.pid}\n`);
}

/** Dies here, as by `kill -9` from outside, with the probability that the fleet was given for this point. */
function mayDieAt(point) {
  if (Math.random() < (setup.killAt?.[point] ?? 0) && isLeftToDie(point)) {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** With `deathsAtEach`, the fleet dies so often at each point: a file stands for each death. */
function isLeftToDie(point) {
  return (
    setup.deathsAtEach === undefined ||
    Array.from({ length: setup.deathsAtEach }, (_, n) => `${setup.log}.${point}.${n}`).some((file) => {
      try {
        closeSync(openSync(file, 'wx'));
        return true;
      } catch {
        return false;
      }
    })
  );
}

function decorate(target, method, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target, method);
  for (const each of decorators) each(target, method, descriptor);
  Object.defineProperty(target, method, descriptor);
}

class Handlers {
  async one(event) {
    await this.run('Handlers.one', event);
  }

  async two(event) {
    await this.run('Handlers.two', event);
  }

  async run(handler, { id }) {
    log('start', id, handler);
    await wait(handlerMs());
    if (Math.random() < (setup.failRate ?? 0)) {
      throw new Error('This handler fails at random.');
    }
    log('effect', id, handler);
    mayDieAt('after-effect');
  }
}
decorate(Handlers.prototype, 'one', OnScalekitEvent('user.created'));
decorate(Handlers.prototype, 'two', OnScalekitEvent('user.*'));

class TransactionalHandlers {
  async write({ id }, transaction) {
    log('start', id, 'TransactionalHandlers.write');
    await transaction.query('INSERT INTO effects (event) VALUES ($1)', [id]);
    await wait(handlerMs());
    if (Math.random() < (setup.failRate ?? 0)) {
      throw new Error('This handler fails at random.');
    }
    mayDieAt('after-effect');
  }
}
EventTransaction()(TransactionalHandlers.prototype, 'write', 1);
decorate(TransactionalHandlers.prototype, 'write', OnScalekitEvent('user.created', { transactional: true }));

/** Has the server do it, and dies while it does or once it has. */
async function dyingWith(work) {
  const answer = work();
  setImmediate(() => mayDieAt('in-transaction'));
  const result = await answer;
  mayDieAt('after-commit');
  return result;
}

const finishing = (records, onConfirmed) => async (jobs, remove) => {
  const held = await records.finish(jobs, remove);
  jobs.forEach(({ key }, index) => {
    if (held[index]) onConfirmed('recorded', key);
  });
  return held;
};

/** Where ledger and queue are changed in one transaction. */
function observedInbox(inbox, onConfirmed) {
  return {
    ask: (statement) => inbox.ask(statement),
    accept: (...call) => dyingWith(() => inbox.accept(...call)),
    finish: (...call) => dyingWith(() => finishing(inbox, onConfirmed)(...call)),
  };
}

/** Writes down what the store has confirmed, and dies around it. */
function observed(store) {
  const confirmed = (call, key, handler) => {
    const [event, claimed = handler] = key.split('\n');
    log(call, event.slice('default:'.length), claimed ?? '*');
  };
  const recording = (records, onConfirmed) => ({
    finish: records.finish && finishing(records, onConfirmed),
    handlerDone: async (key, token, handler) => {
      const held = await records.handlerDone(key, token, handler);
      if (held) onConfirmed('recorded', key, handler);
      return held;
    },
    complete: async (key, token, ttlMs, as) => {
      const held = await records.complete(key, token, ttlMs, as);
      if (held) onConfirmed(as === 'accepted' ? 'accepted' : 'recorded', key);
      return held;
    },
  });
  const dying = (...call) => {
    confirmed(...call);
    mayDieAt('after-record');
  };
  return {
    begin: async (...call) => {
      const answer = await store.begin(...call);
      if (answer.status === 'acquired') mayDieAt('after-claim');
      return answer;
    },
    renew: (...call) => store.renew(...call),
    release: (...call) => store.release(...call),
    ...recording(store, dying),
    ...(store.inbox && { inbox: observedInbox(store.inbox, dying) }),
    catchUp: {
      look: async (keys) => {
        const states = await store.catchUp.look(keys);
        mayDieAt('after-look');
        return states;
      },
      read: (name) => store.catchUp.read(name),
      replace: async (...call) => {
        mayDieAt('before-save');
        const isReplaced = await store.catchUp.replace(...call);
        mayDieAt('after-save');
        return isReplaced;
      },
    },
    ...(store.transaction && {
      transaction: async (work, signal) => {
        const calls = [];
        const result = await store.transaction(
          (transaction, records) =>
            work(
              transaction,
              recording(records, (...call) => calls.push(call)),
            ),
          signal,
        );
        for (const call of calls) dying(...call);
        return result;
      },
    }),
  };
}

/** A dispatcher that dies between queueing and telling the ledger. */
function observedDispatcher(factory) {
  return (host) => {
    const dispatcher = factory(host);
    const dispatch = dispatcher.dispatch.bind(dispatcher);
    dispatcher.dispatch = async (...call) => {
      const outcome = await dispatch(...call);
      if (outcome.status === 'accepted') mayDieAt('after-enqueue');
      return outcome;
    };
    return dispatcher;
  };
}

/** By the real client, which dies after a page. */
async function catchUp({ url, clientId, clientSecret, since }) {
  const { ScalekitClient } = await import('@scalekit-sdk/node');
  const { events } = new ScalekitClient(url, clientId, clientSecret);
  const listEventsPaginated = async (...call) => {
    const page = await events.listEventsPaginated(...call);
    mayDieAt('after-list');
    return page;
  };
  const client = { events: { listEventsPaginated } };
  return { client, every: 10, since: new Date(since), types: ['user.created'], assumeSameIds: true };
}

const engine = await connect(setup);

class AppModule {}
Module({
  imports: [
    ScalekitWebhookModule.forRoot({
      secret: setup.secret,
      ...(engine.dispatcher && { dispatcher: observedDispatcher(engine.dispatcher) }),
      idempotency: { store: observed(engine.store), leaseMs: setup.leaseMs },
      ...(setup.catchUp && { catchUp: await catchUp(setup.catchUp) }),
      shutdownTimeoutMs: 5_000,
    }),
  ],
  providers: [Handlers, ...(engine.store.transaction ? [TransactionalHandlers] : [])],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: setup.verbose ? ['warn', 'error'] : false });
app.use((request, response, next) => {
  const end = response.end.bind(response);
  response.end = (...call) => {
    mayDieAt('before-answer');
    return end(...call);
  };
  next();
});
await app.listen(setup.port, '127.0.0.1');
process.on('SIGTERM', () =>
  app
    .close()
    .then(() => engine.close())
    .then(() => process.exit(0)),
);
process.on('disconnect', () => process.exit(1)); // The test run has gone.
process.send('ready');
