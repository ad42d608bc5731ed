import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import type { EndpointRole } from '../dispatch/endpoint-role.js';
import type { AnnouncedApplication, ApplicationRegister } from '../idempotency/idempotency-store.extras.js';
import { cantStart } from '../scalekit-webhook.errors.js';
import { within } from '../shared/within.js';

/** An application counts as running for this long after its process died. */
const TTL_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
/** The longest wait for the store: one that is down must not hold up start or shutdown. */
const PATIENCE_MS = 2_000;

const ADVICE =
  'An event that one of them handles is done for the other, whose handlers never see it. Give each application a ' +
  "namespace of its own: forRoot({ namespace: '…' }). Where both are one, give both the same.";

/**
 * Announces in the store that this application handles an endpoint's events, for as long as it runs, and checks who
 * else does. Two different applications on one store without a namespace would take each other's events.
 */
export class ApplicationAnnouncement {
  private readonly own: AnnouncedApplication;
  private readonly logged = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> | undefined;

  constructor(
    private readonly register: ApplicationRegister,
    private readonly logger: Required<Pick<LoggerService, 'warn' | 'error'>>,
    endpoint: string,
    role: EndpointRole,
    handlers: readonly string[],
  ) {
    const process = processName(role);
    this.own = { id: randomUUID(), identity: identityOfApplication(), process, endpoint, handlers };
  }

  /** @throws ScalekitWebhookError (`invalid_options`) where a running application has other handlers for the endpoint */
  async begin(): Promise<void> {
    const [rival] = await this.announce();
    if (rival) {
      await this.end();
      throw cantStart(this.own.endpoint, `namespace must be set, because ${this.describe(rival)}`);
    }
    this.timer = setInterval(() => {
      this.renewal = this.renew();
    }, RENEW_EVERY_MS).unref();
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.renewal;
    await patiently(async () => this.register.withdraw(this.own.id));
  }

  /** The store may have been down when the application started, or the other one may have started later. */
  private async renew(): Promise<void> {
    for (const rival of await this.announce()) {
      this.logOnce('error', rival);
    }
  }

  /** Announces this application for another minute. Returns its rivals: none if the store doesn't answer. */
  private async announce(): Promise<readonly AnnouncedApplication[]> {
    const others = (await patiently(async () => this.register.announce(this.own, TTL_MS))) ?? [];
    const sameEndpoint = others.filter(({ endpoint }) => endpoint === this.own.endpoint);
    const rivals = sameEndpoint.filter((other) => this.isRival(other));
    for (const other of sameEndpoint) {
      if (!rivals.includes(other) && this.isDoubtful(other)) {
        this.logOnce('warn', other);
      }
    }
    return rivals;
  }

  private logOnce(level: 'warn' | 'error', other: AnnouncedApplication): void {
    if (!this.logged.has(other.identity)) {
      this.logged.add(other.identity);
      this.logger[level](capitalize(this.describe(other)));
    }
  }

  /**
   * Another package, whatever its handlers are called; or another script of this package, or another application in this
   * process, with other handlers. With the same identity elsewhere, it may be a rolling deploy, unless it runs the same
   * build: then its settings give it other handlers.
   */
  private isRival(other: AnnouncedApplication): boolean {
    const { identity, process } = this.own;
    const isOther = other.identity !== identity || other.process === process || runsThisBuild(other);
    return isOther && (!this.sharesHandlers(other) || packageOf(other.identity) !== packageOf(identity));
  }

  private isDoubtful(other: AnnouncedApplication): boolean {
    return (other.identity !== this.own.identity) === this.sharesHandlers(other);
  }

  private sharesHandlers({ handlers }: AnnouncedApplication): boolean {
    return handlers.some((handler) => this.own.handlers.includes(handler));
  }

  private describe({ identity, process, handlers }: AnnouncedApplication): string {
    const { endpoint, identity: own } = this.own;
    const which = this.sharesHandlers({ ...this.own, handlers }) ? 'some of the same' : 'other';
    return (
      `another application, "${identity}" (process ${process}, seen in the last ${TTL_MS / 1_000} s), uses the same store for an ` +
      `endpoint named "${endpoint}" with ${which} handlers (${handlers.slice(0, 5).join(', ')}). This one is "${own}". ${ADVICE}`
    );
  }
}

/** Undefined if no package.json was found. */
const packageOf = (identity: string) => (identity.includes(' ') ? identity.split(' ', 1)[0] : undefined);

const capitalize = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

async function patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await within(PATIENCE_MS, ask(), () => undefined);
  } catch {
    return undefined;
  }
}

/** The name of a worker differs from that of a receiver in the same process, which is the same application. */
function processName(role: EndpointRole): string {
  const part = role === 'work' ? ', worker' : '';
  return `${process.pid} on ${hostname()}, started ${new Date(performance.timeOrigin).toISOString()}${part}`;
}

/** Whether a process on this machine, not a worker, runs a script that was not changed since it started. */
function runsThisBuild({ process: other }: AnnouncedApplication): boolean {
  const [, host, started = ''] = / on (.+), started ([^,]+)$/.exec(other) ?? [];
  const [, script = ''] = process.argv;
  const file = isTool(script) ? undefined : statSync(script, { throwIfNoEntry: false });
  return host === hostname() && file !== undefined && file.mtimeMs < Date.parse(started);
}

const isTool = (script: string) => script === '' || script.includes(`${sep}node_modules${sep}`);

/** The package and the script that run: the same for every process of an application, on every machine. */
function identityOfApplication(): string {
  const [, script = ''] = process.argv;
  const { folder, name } = nearestPackage(isTool(script) ? process.cwd() : dirname(script));
  return `${name} ${relative(folder, script).split(sep).join('/')}`.trim();
}

function nearestPackage(from: string): { readonly folder: string; readonly name: string } {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
      if (typeof name === 'string') {
        return { folder, name };
      }
    } catch {
      // No package.json in this folder.
    }
    if (dirname(folder) === folder) {
      return { folder: from, name: '' };
    }
  }
}
