import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { compileEventPattern } from '../events/scalekit-event-pattern.js';
import { nearestEventType } from '../events/nearest-event-type.js';
import { SCALEKIT_EVENT_TYPES } from '../events/scalekit-event-types.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import { checkInstanceWrapper, checkMetadataKeys } from '../shared/nest-internals.js';
import type { EventHandler, Subscription } from './event-handler.js';
import { findHandlers, type HandlerCandidate, isLeftOut } from './find-handlers.js';
import { createInvoker } from './handler-invoker.js';

const MAX_REMEMBERED_TYPES = 10_000;

/** All handlers of the application, found once at boot, for every endpoint. */
@Injectable()
export class HandlerRegistry implements OnApplicationBootstrap {
  private readonly logger = new Logger('ScalekitWebhook');
  private handlers: ReadonlyMap<string, EventHandler> | undefined;
  private readonly byType = new Map<string, readonly EventHandler[]>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ScalekitWebhookRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.all();
  }

  /** Discovers the handlers on first use: another module's hook may need them before ours runs. */
  private all(): ReadonlyMap<string, EventHandler> {
    return (this.handlers ??= this.discover());
  }

  private discover(): ReadonlyMap<string, EventHandler> {
    checkMetadataKeys();
    checkInstanceWrapper(this.discovery.getProviders().find(({ token }) => token === HandlerRegistry));
    const candidates = [...findHandlers(this.discovery)];
    const handlers = new Map<string, EventHandler>();
    for (const candidate of candidates) {
      const { name, subscriptions } = candidate;
      if (subscriptions.length === 0) {
        this.logger.log(`${name} overrides a handler without @OnScalekitEvent(), so it listens to nothing`);
        continue;
      }
      if (isLeftOut(candidate)) {
        this.logger.warn(
          `${name} is a handler, but the object provided as ${candidate.hostClass.name} has no such method: it never runs`,
        );
        continue;
      }
      if (handlers.has(name)) throw duplicateHandler(name);
      subscriptions.forEach((each) => {
        this.refuseUnknownEndpoint(name, each);
      });
      handlers.set(name, { name, subscriptions, options: {}, invoke: createInvoker(candidate) });
    }
    for (const line of describeClasses(candidates)) {
      this.logger.log(line);
    }
    warningsOf(candidates).forEach((warning) => {
      this.logger.warn(warning);
    });
    if (handlers.size === 0 && this.registry.needsHandlers) {
      this.logger.warn(
        'No handler found: decorate a method of a provider with @OnScalekitEvent(), and list its class in the ' +
          'providers of a module.',
      );
    }
    return handlers;
  }

  /** The handlers that subscribed to that type at that endpoint, each once. */
  handlersFor(endpoint: string, type: string): readonly EventHandler[] {
    const key = `${endpoint}:${type}`;
    let handlers = this.byType.get(key);
    if (!handlers) {
      handlers = [...this.all().values()].flatMap((handler) => {
        const match = handler.subscriptions.find((subscription) => takes(subscription, endpoint, type));
        return match ? [match.options ? { ...handler, options: match.options } : handler] : [];
      });
      if (this.byType.size >= MAX_REMEMBERED_TYPES) {
        this.byType.clear();
      }
      this.byType.set(key, handlers);
    }
    return handlers;
  }

  /** All that listen to that endpoint, whatever the type. */
  listenersOf(endpoint: string): readonly EventHandler[] {
    return [...this.all().values()].filter(({ subscriptions }) =>
      subscriptions.some((subscription) => listens(subscription, endpoint)),
    );
  }

  /** The patterns of all that listen to that endpoint. */
  patternsOf(endpoint: string): readonly string[] {
    return this.listenersOf(endpoint)
      .flatMap(({ subscriptions }) => subscriptions)
      .filter((subscription) => listens(subscription, endpoint))
      .flatMap(({ patterns }) => patterns);
  }

  private refuseUnknownEndpoint(handler: string, { endpoint }: Subscription): void {
    const { names } = this.registry;
    if (endpoint !== undefined && !names.includes(endpoint)) {
      throw new ScalekitWebhookError(
        'unknown_endpoint',
        `${handler} listens to the endpoint "${endpoint}", but no ScalekitWebhookModule has that name. ` +
          `Name one of those that there are ("${names.join('", "')}"), or register it: forRoot({ name: "${endpoint}", … }).`,
      );
    }
  }
}

function duplicateHandler(name: string): ScalekitWebhookError<'duplicate_handler'> {
  return new ScalekitWebhookError(
    'duplicate_handler',
    `Two handlers are named ${name}, but the ledger knows a handler by that name. If one module provides the ` +
      'class twice, or two modules provide it, import it from one; else rename a class or a method. If a ' +
      `minifier gave two classes one name, ${KEEP_NAMES}.`,
  );
}

function takes(subscription: Subscription, endpoint: string, type: string): boolean {
  return (
    listens(subscription, endpoint) &&
    subscription.patterns.some((pattern) => compileEventPattern(pattern)(type))
  );
}

function listens(subscription: Subscription, endpoint: string): boolean {
  return subscription.endpoint === undefined || subscription.endpoint === endpoint;
}

/** One line for all handlers of a class. */
function describeClasses(candidates: readonly HandlerCandidate[]): string[] {
  const lines = new Map<HandlerCandidate['hostClass'], string[]>();
  for (const candidate of candidates.filter(({ subscriptions }) => subscriptions.length > 0)) {
    const { hostClass, subscriptions } = candidate;
    const line = lines.get(hostClass) ?? [];
    line.push(`${describeName(candidate)} ← ${subscriptions.map(describe).join(', ')}`);
    lines.set(hostClass, line);
  }
  return [...lines].map(([hostClass, line]) => `Handlers of ${hostClass.name}: ${line.join('; ')}`);
}

function describeName({ name, hostClass, methodName }: HandlerCandidate): string {
  return name === `${hostClass.name}.${methodName}` ? methodName : `${methodName} as ${name}`;
}

function describe({ patterns, endpoint }: Subscription): string {
  return patterns.join(', ') + (endpoint === undefined ? '' : ` (endpoint ${endpoint})`);
}

/** How to keep a handler's name the same in every build. */
export const KEEP_NAMES =
  "give the handler a name (@OnScalekitEvent('…', { name: 'user-sync' })), or have the build keep class names " +
  '(keep_classnames of terser and SWC, --keep-names of esbuild)';

/** What the boot warns of: each warning is one line. */
export function warningsOf(candidates: readonly HandlerCandidate[]): string[] {
  return [...candidates.flatMap(unknownTypes), ...madeUpNames(candidates)];
}

function unknownTypes({ name, subscriptions }: HandlerCandidate): string[] {
  return subscriptions
    .flatMap(({ patterns }) => patterns)
    .filter((pattern) => !pattern.includes('*') && !SCALEKIT_EVENT_TYPES.some((type) => type === pattern))
    .map((type) => {
      const nearest = nearestEventType(type, SCALEKIT_EVENT_TYPES);
      const advice = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
      return `${name} listens to "${type}", a type that Scalekit does not document.${advice}`;
    });
}

function madeUpNames(candidates: readonly HandlerCandidate[]): string[] {
  const unnamed = candidates.filter(
    ({ subscriptions }) => subscriptions.length > 0 && subscriptions.every((each) => each.name === undefined),
  );
  const classNames = new Set(unnamed.map(({ hostClass }) => hostClass.name));
  const handlers = unnamed
    .filter(({ hostClass }) => isMadeUp(hostClass.name, classNames))
    .map(({ name }) => name);
  return handlers.length === 0
    ? []
    : [
        `A minifier or bundler seems to have made up the class names of these handlers: ${handlers.join(', ')}. The next ` +
          'build may give such a name to another class: its handler then never runs, or runs twice. To prevent it, ' +
          `${KEEP_NAMES}.`,
      ];
}

/** A minifier's `a`, `e1`, `_a` and `$e`, no name at all, and a bundler's `UserSync2` or `UserSync$1` beside `UserSync`. */
function isMadeUp(className: string, classNames: ReadonlySet<string>): boolean {
  const [, original] = /^(.+?)\$?\d+$/.exec(className) ?? [];
  return className.length <= 2 || (original !== undefined && classNames.has(original));
}
