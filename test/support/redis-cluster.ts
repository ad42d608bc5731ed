import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from './redis-server.js';

const SLOTS = 16_384;

/** Masters that share the slots evenly. */
export class RedisCluster {
  private constructor(readonly nodes: readonly RedisServer[]) {}

  static async start(size = 3): Promise<RedisCluster> {
    const nodes = await Promise.all(Array.from({ length: size }, () => RedisServer.start({ cluster: true })));
    const admins = nodes.map(({ port }) => new Redis(port));
    try {
      await Promise.all(
        admins.map(async (admin, index) => {
          const first = Math.floor((index * SLOTS) / size);
          const last = Math.floor(((index + 1) * SLOTS) / size) - 1;
          await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
          await admin.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
        }),
      );
      await meet(admins, nodes);
    } finally {
      admins.forEach((admin) => {
        admin.disconnect();
      });
    }
    return new RedisCluster(nodes);
  }

  /** A connection to each node, in the order of the nodes. */
  connectToEach(): Redis[] {
    return this.nodes.map(({ port }) => new Redis(port));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** Resolves when every node sees all slots served. */
async function meet(admins: readonly Redis[], nodes: readonly RedisServer[]): Promise<void> {
  const [first] = admins;
  for (const { port } of nodes.slice(1)) {
    await first?.call('CLUSTER', 'MEET', '127.0.0.1', port, await busPort(port));
  }
  for (const admin of admins) {
    while (!(await isWhole(admin, nodes.length))) {
      await sleep(20);
    }
  }
}

async function busPort(port: number): Promise<string> {
  const admin = new Redis(port);
  const [, value] = await admin.config('GET', 'cluster-port');
  admin.disconnect();
  return String(value);
}

async function isWhole(admin: Redis, size: number): Promise<boolean> {
  const info = (await admin.call('CLUSTER', 'INFO')) as string;
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}\r`);
}
