// What the module adds to the start of an application: the import of the package, and the discovery of handlers among
// 5,000 providers. Usage: npm run build && node test/bench/boot-cost.mjs [rounds]
// Every figure comes out of fresh processes, whose kinds take turns; the first round is thrown away.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROVIDERS = 5_000;
const PROVIDERS_A_MODULE = 100;
const PACKAGE = 'nestjs-scalekit-webhooks';

const elapsed = async (work) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

const KINDS = {
  /** Above Nest and class-validator themselves, which are loaded before. */
  'import, ES module': () => importAfterPeers(() => import(PACKAGE)),
  'import, CommonJS': async () => {
    const { createRequire } = await import('node:module');
    const require = createRequire(import.meta.url);
    ['reflect-metadata', 'rxjs', '@nestjs/common', '@nestjs/core', 'class-validator'].forEach((name) => {
      require(name);
    });
    return elapsed(() => require(PACKAGE));
  },
  'boot without the module': () => boot(false),
  'boot with the module': () => boot(true),
};

async function importAfterPeers(load) {
  await import('reflect-metadata');
  await import('rxjs');
  await import('@nestjs/common');
  await import('@nestjs/core');
  await import('class-validator');
  return elapsed(load);
}

async function boot(withModule) {
  await import('reflect-metadata');
  const { Injectable, Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  const { OnScalekitEvent, ScalekitWebhookModule } = await import(PACKAGE);

  const aProvider = (index) => {
    const Provider = class {
      find() {}
      save() {}
      remove() {}
    };
    Object.defineProperty(Provider, 'name', { value: `Provider${index}` });
    Injectable()(Provider);
    return Provider;
  };
  const aModule = (providers) => {
    const AModule = class {};
    Module({ providers })(AModule);
    return AModule;
  };
  class Handlers {
    onUser() {}
  }
  Injectable()(Handlers);
  const { prototype } = Handlers;
  OnScalekitEvent('user.created')(prototype, 'onUser', Object.getOwnPropertyDescriptor(prototype, 'onUser'));

  const imports = Array.from({ length: PROVIDERS / PROVIDERS_A_MODULE }, (_, m) =>
    aModule(Array.from({ length: PROVIDERS_A_MODULE }, (_, p) => aProvider(m * PROVIDERS_A_MODULE + p))),
  );
  if (withModule) {
    imports.push(ScalekitWebhookModule.forRoot({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }));
  }
  class AppModule {}
  Module({ imports, providers: [Handlers] })(AppModule);

  let app;
  const milliseconds = await elapsed(async () => {
    app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false, abortOnError: false });
    await app.init();
  });
  await app.close();
  return milliseconds;
}

function measure(rounds) {
  const figures = new Map(Object.keys(KINDS).map((kind) => [kind, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [kind, values] of figures) {
      const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--only', kind]);
      if (round > 0) {
        values.push(Number(output));
      }
    }
  }
  console.log(`Node ${process.versions.node}, ${rounds} rounds, ${PROVIDERS} providers; milliseconds`);
  for (const [kind, values] of figures) {
    values.sort((a, b) => a - b);
    const [min, median, max] = [values[0], values[Math.floor(values.length / 2)], values.at(-1)];
    const figure = [median, min, max].map((value) => value.toFixed(1).padStart(7));
    console.log(`${kind.padEnd(24)} median ${figure[0]}  min ${figure[1]}  max ${figure[2]}`);
  }
}

if (process.argv[2] === '--only') {
  console.log(await KINDS[process.argv[3]]());
} else {
  measure(Number(process.argv[2] ?? 15));
}
