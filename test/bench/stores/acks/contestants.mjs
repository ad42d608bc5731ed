const server = (name) => new URL(`servers/${name}.mjs`, import.meta.url).href;

const BULLMQ = { server: 'redis', file: server('bullmq') };
const PG_BOSS = { server: 'postgres', file: server('pg-boss') };
const NO_QUEUE = 'guard alone, no queue';
const BULLMQ_BY_HAND = 'BullMQ by hand: SET NX, queue.add, SET';
const PG_BOSS_BY_HAND = 'pg-boss by hand: boss.send alone';

/** `way`: what the file exports; `beside`: what each is compared with. */
export const CONTESTANTS = {
  [NO_QUEUE]: { file: server('no-queue'), way: 'guardAlone' },
  [BULLMQ_BY_HAND]: { ...BULLMQ, way: 'byHandWithClaims', beside: BULLMQ_BY_HAND },
  'BullMQ by hand: SET NX, queue.add': { ...BULLMQ, way: 'byHandWithSetNx', beside: BULLMQ_BY_HAND },
  'BullMQ: ours': { ...BULLMQ, way: 'ours', beside: BULLMQ_BY_HAND },
  [PG_BOSS_BY_HAND]: { ...PG_BOSS, way: 'byHandWithSend', beside: PG_BOSS_BY_HAND },
  'pg-boss by hand: INSERT, boss.send, UPDATE': {
    ...PG_BOSS,
    way: 'byHandWithClaims',
    beside: PG_BOSS_BY_HAND,
  },
  'pg-boss: ours, ledger in another database': { ...PG_BOSS, way: 'oursApart', beside: PG_BOSS_BY_HAND },
  'pg-boss: ours, ledger in the same one': { ...PG_BOSS, way: 'ours', beside: PG_BOSS_BY_HAND },
};
