export { pgBossDispatcher } from './pg-boss.dispatcher.js';
export type {
  PgBossConnectionOptions,
  PgBossDispatcherOptions,
  PgBossDispatcherSettings,
  PgBossInstanceOptions,
  PgBossWorkerOptions,
} from './pg-boss-dispatcher.options.js';
