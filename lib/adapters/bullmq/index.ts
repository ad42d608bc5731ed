export { bullMqDispatcher } from './bullmq.dispatcher.js';
export type {
  BullMqConnectionOptions,
  BullMqDispatcherOptions,
  BullMqDispatcherSettings,
  BullMqQueueOptions,
  BullMqWorkerOptions,
} from './bullmq-dispatcher.options.js';
