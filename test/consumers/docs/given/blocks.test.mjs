// Runs what the documents show: every block that exports an application, and every store of recipes.md.
import 'reflect-metadata';
import { equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { describeTransactionalStore, scalekitEvent, signedDelivery } from 'nestjs-scalekit-webhooks/testing';
import pg from 'pg';

const secret = process.env.SCALEKIT_WEBHOOK_SECRET;
const connectionString = process.env.DATABASE_URL;
const pool = new pg.Pool({ connectionString });

before(async () => {
  await pool.query('CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL)');
  await pool.query('CREATE TABLE notes (text text)');
});
after(() => pool.end());

/** Starts an application, and closes it when `work` is done with the address of its endpoint. */
async function withApplication(AppModule, work) {
  const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
  try {
    await app.listen(0, '127.0.0.1');
    await work(`${await app.getUrl()}/webhooks/scalekit`);
  } finally {
    await app.close();
  }
}

/** The application answers a delivery, recognises its duplicate, and refuses a forgery. */
async function tryApplication(AppModule, event = scalekitEvent('organization.directory.user_created')) {
  await withApplication(AppModule, async (url) => {
    const delivery = signedDelivery(event, { secret });
    equal(await answerTo(url, delivery), '200 OK');
    match(await (await fetch(url, delivery.again())).text(), /^Already (processed|accepted)$/);
    equal((await fetch(url, signedDelivery.forged(event))).status, 401);
  });
}

const answerTo = async (url, delivery) => {
  const answer = await fetch(url, delivery);
  return `${answer.status} ${await answer.text()}`;
};

/** How an application would connect: what `createStore` takes, and where the handler finds it. */
const CONNECTIONS = {
  typeorm: async () => {
    const { DataSource } = await import('typeorm');
    const client = await new DataSource({ type: 'postgres', url: connectionString }).initialize();
    const write = (manager, text) => manager.query('INSERT INTO notes VALUES ($1)', [text]);
    return { token: DataSource, client, write, close: () => client.destroy() };
  },
  prisma: async ({ PrismaService }) => {
    const client = new PrismaService();
    const write = (tx, text) => tx.$executeRaw`INSERT INTO notes VALUES (${text})`;
    return { token: PrismaService, client, write, close: () => client.$disconnect() };
  },
  drizzle: async () => {
    const { sql } = await import('drizzle-orm');
    const client = new pg.Pool({ connectionString });
    const write = (db, text) => db.execute(sql`INSERT INTO notes VALUES (${text})`);
    return { token: pg.Pool, client, write, close: () => client.end() };
  },
  knex: async () => {
    const { default: knex } = await import('knex');
    const client = knex({ client: 'pg', connection: connectionString });
    return {
      ...{ token: 'KNEX', client, close: () => client.destroy() },
      write: (trx, text) => trx('notes').insert({ text }),
    };
  },
  kysely: async () => {
    const { Kysely, PostgresDialect } = await import('kysely');
    const client = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString }) }) });
    const write = (trx, text) => trx.insertInto('notes').values({ text }).execute();
    return { token: Kysely, client, write, close: () => client.destroy() };
  },
  sequelize: async () => {
    const { Sequelize } = await import('sequelize');
    const client = new Sequelize(connectionString, { logging: false });
    const write = (transaction, text) =>
      client.query('INSERT INTO notes VALUES ($1)', { bind: [text], transaction });
    return { token: Sequelize, client, write, close: () => client.close() };
  },
  'mikro-orm': async () => {
    const { defineEntity, MikroORM, p } = await import('@mikro-orm/postgresql');
    const Note = defineEntity({ name: 'Note', tableName: 'notes', properties: { text: p.text().primary() } });
    const client = await MikroORM.init({
      clientUrl: connectionString,
      entities: [Note],
      ensureDatabase: false,
    });
    const write = (em, text) => em.execute('INSERT INTO notes VALUES (?)', [text]);
    return { token: MikroORM, client, write, close: () => client.close() };
  },
  'postgres-js': async () => {
    const { default: postgres } = await import('postgres');
    const client = postgres(connectionString, { onnotice: () => undefined });
    const write = async (sql, text) => sql`INSERT INTO notes VALUES (${text})`;
    return { token: 'SQL', client, write, close: () => client.end() };
  },
};

const isThere = async (table, column, value) =>
  (await pool.query(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [value])).rows.length > 0;

// Before the first suite: node:test runs what it has while a module is still being loaded.
const RECIPES = {};
for (const name of Object.keys(CONNECTIONS)) {
  RECIPES[name] = await import(`./dist/recipes/${name}.js`);
}

describe('applications', () => {
  const files = readdirSync('dist', { recursive: true }).filter((file) => file.endsWith('.js'));
  const modules = files.filter((file) => /module\.js$|typeorm\.js$|block-\d+\.js$/.test(file));
  ok(modules.length >= 8, `Only ${modules.join(', ')} would be run.`);
  for (const file of modules) {
    it(file, async () => {
      const exported = await import(`./dist/${file}`);
      if (exported.AppModule) {
        await tryApplication(exported.AppModule);
      }
    });
  }
});

describe('recipes.md', () => {
  it('exempts the route from a global auth guard and a throttler', async () => {
    const { AppModule } = await import('./dist/recipes/guarded.module.js');
    await withApplication(AppModule, async (url) => {
      const delivery = signedDelivery(scalekitEvent('user.login'), { secret });
      for (let index = 0; index < 15; index++) {
        equal((await fetch(url, delivery)).status, 200);
      }
    });
  });

  it('has two services on one database that both handle an event', async () => {
    const { BillingModule, CrmModule } = await import('./dist/recipes/two-services.js');
    const delivery = signedDelivery(scalekitEvent('organization.created'), { secret });
    await withApplication(BillingModule, async (billing) => {
      await withApplication(CrmModule, async (crm) => {
        equal(await answerTo(billing, delivery), '200 OK');
        equal(await answerTo(crm, delivery), '200 OK');
        equal(await answerTo(crm, delivery), '200 Already processed');
      });
    });
  });
});

for (const [name, connect] of Object.entries(CONNECTIONS)) {
  const recipe = RECIPES[name];

  describe(`recipes.md, ${name}`, () => {
    it('runs as an application, and the handler writes', async () => {
      const { token, client, close } = await connect(recipe);
      const store = recipe.createStore(client);
      await migrate(store);
      class Database {}
      Module({ providers: [{ provide: token, useValue: client }], exports: [token] })(Database);
      class AppModule {}
      Module({
        imports: [Database, ScalekitWebhookModule.forRoot({ secret, idempotency: { store } })],
        providers: [recipe.UserSync],
      })(AppModule);
      try {
        const event = scalekitEvent('organization.directory.user_created');
        await tryApplication(AppModule, event);
        ok(await isThere('users', 'id', event.data.id));
      } finally {
        await close();
      }
    });
  });

  describeTransactionalStore(
    `recipes.md, ${name}`,
    async () => {
      const { client, write, close } = await connect(recipe);
      const store = recipe.createStore(client);
      await migrate(store);
      return { store, write, close, isWritten: (text) => isThere('notes', 'text', text) };
    },
    { describe, it },
  );
}

/** With the file of the installed package, as users of a migration tool do. */
async function migrate(store) {
  const { PostgresIdempotencyStore } = await import('nestjs-scalekit-webhooks/postgres');
  ok(store instanceof PostgresIdempotencyStore);
  await pool.query(readFileSync('node_modules/nestjs-scalekit-webhooks/sql/postgres.sql', 'utf8'));
}
