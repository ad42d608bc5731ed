import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A prefix that no other test on the server uses. */
export function freshPrefix(): string {
  return `test:${randomUUID()}:`;
}

const ADVANCE = `
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local ttl = redis.call('PTTL', key)
  local left = ttl - ARGV[2]
  if ttl == -1 then
    -- It never expires.
  elseif left <= 0 then
    redis.call('DEL', key)
  elseif redis.call('TYPE', key).ok == 'string' then
    local row = string.gsub(redis.call('GET', key), '^(r %d+ %S+ %d+ %d+ )(%d+)', function(before, leaseEndsAt)
      return before .. leaseEndsAt - ARGV[2]
    end)
    redis.call('SET', key, row, 'PX', left)
  end
end`;

/** As if `ms` had passed: what the rows below a prefix say of time is moved into the past. */
export async function advanceRows(nodes: readonly Redis[], prefix: string, ms: number): Promise<void> {
  await Promise.all(nodes.map((node) => node.eval(ADVANCE, 0, prefix, ms)));
}

export async function rowKeys(nodes: readonly Redis[], prefix: string): Promise<string[]> {
  return (await Promise.all(nodes.map((node) => node.keys(`${prefix}*`)))).flat();
}

export async function deleteRows(nodes: readonly Redis[], prefix: string): Promise<void> {
  for (const node of nodes) {
    const keys = await node.keys(`${prefix}*`);
    await Promise.all(keys.map((key) => node.del(key)));
  }
}
