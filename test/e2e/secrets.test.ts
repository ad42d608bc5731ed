import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Gate } from '../support/gate.js';
import { leaksOf } from '../support/leaks.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, WebhookApp } from '../support/webhook-app.js';

const OLD = 'whsec_b2xkLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGVzLi4';
const NEW = 'whsec_TmV1ZXMgR2VoZWltbmlzIG1pdCAzMiBCeXRlcyAuLi4';
const FORGED = 'whsec_Zm9yZ2VkLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGU';

describe.each(PLATFORMS)('secrets on $platform', ({ adapter }) => {
  let server: WebhookApp;
  let skippedMs = 0;
  const fetchSecret = vi.fn<() => Promise<string>>();

  beforeEach(() => {
    skippedMs = 0;
    fetchSecret.mockReset();
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + skippedMs);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.close();
    const texts = server.logs.everything;
    expect([OLD, NEW, FORGED].flatMap((secret) => leaksOf(secret, texts))).toEqual([]);
  });

  const start = async (secret: string | readonly string[] | typeof fetchSecret) => {
    server = await WebhookApp.start({
      adapter: adapter(),
      webhook: { secret, secretCacheSeconds: 60 },
      providers: [Recorder],
    });
  };
  const later = (seconds: number) => {
    skippedMs += seconds * 1_000;
  };
  const statusWith = async (secret: string) => (await server.deliver(anEvent(), { secret })).status;

  it('are one, and no other is accepted', async () => {
    await start(OLD);
    expect(await statusWith(OLD)).toBe(200);
    expect(await statusWith(NEW)).toBe(401);
  });

  it('are several while they are rotated: the old and the new one are accepted', async () => {
    await start([NEW, OLD]);
    expect(await statusWith(OLD)).toBe(200);
    expect(await statusWith(NEW)).toBe(200);
    expect(await statusWith(FORGED)).toBe(401);
  });

  it('come out of a function, once for secretCacheSeconds', async () => {
    fetchSecret.mockResolvedValue(OLD);
    await start(fetchSecret);
    expect(fetchSecret).toHaveBeenCalledTimes(1);
    later(55);
    expect(await statusWith(OLD)).toBe(200);
    expect(fetchSecret).toHaveBeenCalledTimes(1);
    later(5);
    expect(await statusWith(OLD)).toBe(200);
    expect(fetchSecret).toHaveBeenCalledTimes(2);
  });

  it('are fetched once for deliveries that come at the same time', async () => {
    fetchSecret.mockResolvedValue(OLD);
    await start(fetchSecret);
    later(60);
    const statuses = await Promise.all(Array.from({ length: 50 }, () => statusWith(OLD)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(fetchSecret).toHaveBeenCalledTimes(2);
  });

  it('may be rotated without a restart', async () => {
    fetchSecret.mockResolvedValue(OLD);
    await start(fetchSecret);
    fetchSecret.mockResolvedValue(NEW);
    later(5);
    expect(await statusWith(NEW)).toBe(200);
    expect(await statusWith(OLD)).toBe(401);
  });

  it('are not fetched for each forgery of a flood', async () => {
    fetchSecret.mockResolvedValue(OLD);
    await start(fetchSecret);
    later(5);
    const statuses = await Promise.all(Array.from({ length: 200 }, () => statusWith(FORGED)));
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(await statusWith(FORGED)).toBe(401);
    expect(fetchSecret).toHaveBeenCalledTimes(2);
    expect(server.app.get(Recorder).ids).toEqual([]);
  });

  it('that cannot be fetched are no reason not to start: deliveries get 503 until they can', async () => {
    fetchSecret.mockRejectedValue(new Error(`permission denied for ${OLD}`));
    await start(fetchSecret);
    expect(server.logs.matching(/warn: \[default\] secret_unavailable: .*answered 503/)).toHaveLength(1);
    const event = anEvent();
    const refused = await server.deliver(event, { secret: OLD });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(JSON.parse(refused.body)).toEqual({
      statusCode: 503,
      message: 'Service Unavailable',
      error: 'Service Unavailable',
    });
    fetchSecret.mockResolvedValue(OLD);
    later(1);
    expect(await server.deliver(event, { secret: OLD })).toMatchObject({ status: 200, body: 'OK' });
    expect(server.app.get(Recorder).ids).toEqual([event.id]);
  });

  it('stay in use when they cannot be fetched again', async () => {
    fetchSecret.mockResolvedValueOnce(OLD).mockRejectedValue(new Error(`permission denied for ${OLD}`));
    await start(fetchSecret);
    later(3_600);
    expect(await statusWith(OLD)).toBe(200);
    expect(await statusWith(FORGED)).toBe(401);
    expect(server.logs.matching(/secret_unavailable: .*The secret fetched before stays in use/)).toHaveLength(
      1,
    );
  });

  it('stay in use while the function hangs, and no delivery waits until it gives up', async () => {
    const gate = new Gate();
    fetchSecret.mockResolvedValueOnce(OLD).mockImplementation(async () => {
      await gate.pass();
      return OLD;
    });
    await start(fetchSecret);
    later(60);
    expect(await statusWith(OLD)).toBe(200);
    expect(await statusWith(FORGED)).toBe(401);
    expect(server.logs.matching(/did not answer within/)).toEqual([]);
    expect(fetchSecret).toHaveBeenCalledTimes(2);
    gate.release(); // Else its time limit would be logged in a later test: Nest has one logger for all applications.
  });
});

describe.each(PLATFORMS)('a secret function on $platform', ({ adapter }) => {
  it.each([
    ['nothing', undefined, 'There is no webhook secret'],
    ['the newline of a mounted file', `${OLD}\n`, 'white space'],
    ['a list with an empty secret', [OLD, ''], 'Number 2 of the list'],
    ['too many secrets', Array.from({ length: 101 }, () => OLD), 'more than 100'],
    ['the text of a missing variable', 'whsec_undefined', 'placeholder'],
  ])('that returns %s stops the boot, and the secret is not told', async (_, returned, says) => {
    const secret = () => Promise.resolve(returned as string);
    const { error, logs } = await WebhookApp.failToStart({ adapter: adapter(), webhook: { secret } });
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(error.message).toMatch(/^The secret function returned no usable secret\. /);
    expect(error.message).toContain(says);
    expect(leaksOf(OLD, [error.message, String(error.stack), ...logs.everything])).toEqual([]);
  });
});
