// Each resolves once its work is done: those that boot have a port open by then, those that import say what that took.
import { createRequire } from 'node:module';
import { EVENT_TYPE, SECRET } from '../harness/event.mjs';

const PACKAGE = 'nestjs-scalekit-webhooks';
const PEERS = ['reflect-metadata', 'rxjs', '@nestjs/common', '@nestjs/core'];
const PROVIDERS_A_MODULE = 100;
const EVENT_TYPES = [
  EVENT_TYPE,
  'user.created',
  'user.updated',
  'organization.created',
  'organization.updated',
];

const processorMs = ({ user, system }) => (user + system) / 1_000;

async function elapsed(work) {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  return { ms: performance.now() - start, cpuMs: processorMs(process.cpuUsage(before)) };
}

/** Since this process began. */
export const sinceStart = () => ({ ms: performance.now(), cpuMs: processorMs(process.cpuUsage()) });

/** An app with five providers of a method each, and many more where wanted. */
async function bootExpress({ isOurs, providers = 0 }) {
  await import('reflect-metadata');
  const { Injectable, Module } = await import('@nestjs/common');
  const { decorate } = await import('../harness/decorate.mjs');
  const { startNest } = await import('../harness/nest-app.mjs');
  const ours = isOurs ? await import(PACKAGE) : undefined;

  const aModule = (classes) => {
    const AModule = class {};
    decorate([Module({ providers: classes })], AModule);
    return AModule;
  };
  const aProvider = (name, method = 'find') => {
    const Provider = { [name]: class {} }[name];
    for (const each of [method, 'save', 'remove']) {
      Object.defineProperty(Provider.prototype, each, {
        value: async () => {},
        writable: true,
        configurable: true,
      });
    }
    decorate([Injectable()], Provider);
    return Provider;
  };
  const handlers = EVENT_TYPES.map((type, index) => {
    const Provider = aProvider(`Handler${index}`, 'onEvent');
    if (ours) {
      decorate([ours.OnScalekitEvent(type)], Provider, 'onEvent');
    }
    return Provider;
  });
  const imports = Array.from({ length: providers / PROVIDERS_A_MODULE }, (_, m) =>
    aModule(Array.from({ length: PROVIDERS_A_MODULE }, (_, p) => aProvider(`Provider${m}_${p}`))),
  );
  if (ours) {
    imports.push(ours.ScalekitWebhookModule.forRoot({ secret: SECRET }));
  }
  class AppModule {}
  decorate([Module({ imports, providers: handlers })], AppModule);
  await startNest(AppModule, 'express');
}

/** Above what an app has loaded anyway. */
const IMPORTS = {
  async esm() {
    for (const peer of PEERS) {
      await import(peer);
    }
    return elapsed(() => import(PACKAGE));
  },
  async commonjs() {
    const require = createRequire(import.meta.url);
    PEERS.forEach((peer) => require(peer));
    return elapsed(() => require(PACKAGE));
  },
};

const rival = (withModule) => async () => {
  const { boot } = await import('../rivals/boot.mjs');
  await boot(withModule, EVENT_TYPES);
};

/** `above`: the kind whose time is taken off, as it is the same without the module. */
export const KINDS = {
  'bare app, Nest 12': { run: () => bootExpress({ isOurs: false }) },
  'with the module, 5 handlers': { run: () => bootExpress({ isOurs: true }), above: 'bare app, Nest 12' },
  'bare app, Nest 11': { run: rival(false) },
  'with @golevelup/nestjs-stripe, 5 handlers': { run: rival(true), above: 'bare app, Nest 11' },
  'bare app of 5,000 providers': { run: () => bootExpress({ isOurs: false, providers: 5_000 }) },
  'with the module, 5,000 providers': {
    run: () => bootExpress({ isOurs: true, providers: 5_000 }),
    above: 'bare app of 5,000 providers',
  },
  'import, ES module': { run: IMPORTS.esm },
  'import, CommonJS': { run: IMPORTS.commonjs },
};
