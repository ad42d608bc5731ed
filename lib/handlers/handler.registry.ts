import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { SCALEKIT_EVENT_TYPES } from '../events/scalekit-event-types.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { checkMetadataKeys } from '../shared/nest-internals.js';
import { ScalekitWebhookRegistry } from '../scalekit-webhook.registry.js';
import type { EventHandler } from './event-handler.js';
import { compileEventPattern } from '../events/event-pattern.js';
import { nearestEventType } from '../events/nearest-event-type.js';
import { findHandlers, type HandlerCandidate } from './find-handlers.js';
import { createInvoker } from './handler-invoker.js';
import { KEEP_NAMES, madeUpNames } from './handler-name.js';
import { type HandlerWatcher, HandlerWatchers } from './handler-watchers.js';
import type { Subscription } from './subscription.js';

const MAX_REMEMBERED_TYPES = 10_000;

/** All handlers of the application, found once at boot, for every endpoint. */
@Injectable()
export class HandlerRegistry implements OnApplicationBootstrap {
  private readonly logger = new Logger('ScalekitWebhook');
  private readonly handlers = new Map<string, EventHandler>();
  private readonly watchers = new HandlerWatchers();
  private isDiscovered = false;
  private readonly byType = new Map<string, readonly EventHandler[]>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ScalekitWebhookRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.discover();
  }

  /** Called by whoever is first to need the handlers: hooks of other modules may come before this one's. */
  private discover(): void {
    if (this.isDiscovered) {
      return;
    }
    this.isDiscovered = true;
    checkMetadataKeys();
    const unnamed: HandlerCandidate[] = [];
    for (const candidate of findHandlers(this.discovery)) {
      const { hostClass, methodName, subscriptions } = candidate;
      if (subscriptions.length === 0) {
        this.logger.log(
          `${hostClass.name}.${methodName} overrides a handler without @OnScalekitEvent(), so it listens to nothing`,
        );
        continue;
      }
      this.add(candidate);
      if (subscriptions.every((each) => each.name === undefined)) {
        unnamed.push(candidate);
      }
    }
    this.warnOfMadeUpNames(unnamed);
    if (this.handlers.size === 0 && this.registry.needsHandlers) {
      this.logger.warn(
        'No handler found: decorate a method of a provider with @OnScalekitEvent(), and list its class in the ' +
          'providers of a module.',
      );
    }
  }

  private add(candidate: HandlerCandidate): void {
    const { name, subscriptions } = candidate;
    if (this.handlers.has(name)) {
      throw new ScalekitWebhookError(
        'duplicate_handler',
        `Two handlers are named ${name}, but the ledger knows a handler by that name. If one module provides the ` +
          'class twice, or two modules provide it, import it from one; else rename a class or a method. If a ' +
          `minifier gave two classes one name, ${KEEP_NAMES}.`,
      );
    }
    subscriptions.forEach((subscription) => {
      this.check(name, subscription);
    });
    this.handlers.set(name, {
      name,
      subscriptions,
      options: {},
      invoke: this.watchers.watched(name, createInvoker(candidate)),
    });
    this.logger.log(
      `Handler ${describeName(candidate)} listens to ${subscriptions.map(describe).join(', ')}`,
    );
  }

  private warnOfMadeUpNames(candidates: readonly HandlerCandidate[]): void {
    const madeUp = madeUpNames(candidates.map(({ hostClass }) => hostClass.name));
    const handlers = candidates.filter(({ hostClass }) => madeUp.has(hostClass.name)).map(({ name }) => name);
    if (handlers.length > 0) {
      this.logger.warn(
        `A minifier or bundler seems to have made up the class names of these handlers: ${handlers.join(', ')}. The next ` +
          'build may give such a name to another class: its handler then never runs, or runs twice. To prevent it, ' +
          `${KEEP_NAMES}.`,
      );
    }
  }

  /** The handlers that subscribed to that type at that endpoint, each once. */
  handlersFor(endpoint: string, type: string): readonly EventHandler[] {
    const key = `${endpoint}:${type}`;
    let handlers = this.byType.get(key);
    if (!handlers) {
      this.discover();
      handlers = [...this.handlers.values()].flatMap((handler) => {
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
    this.discover();
    return [...this.handlers.values()].filter(({ subscriptions }) =>
      subscriptions.some((subscription) => listens(subscription, endpoint)),
    );
  }

  /** Has each call of a handler told, for tests. Returns how to stop. */
  watch(watcher: HandlerWatcher): () => void {
    return this.watchers.add(watcher);
  }

  private check(handler: string, { patterns, endpoint }: Subscription): void {
    const { names } = this.registry;
    if (endpoint !== undefined && !names.includes(endpoint)) {
      throw new ScalekitWebhookError(
        'unknown_endpoint',
        `${handler} listens to the endpoint "${endpoint}", but no ScalekitWebhookModule has that name. ` +
          `Name one of those that there are ("${names.join('", "')}"), or register it: forRoot({ name: "${endpoint}", … }).`,
      );
    }
    for (const pattern of patterns) {
      if (!pattern.includes('*') && !SCALEKIT_EVENT_TYPES.some((type) => type === pattern)) {
        const nearest = nearestEventType(pattern, SCALEKIT_EVENT_TYPES);
        const advice = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
        this.logger.warn(
          `${handler} listens to "${pattern}", a type that Scalekit does not document.${advice}`,
        );
      }
    }
  }
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

function describeName({ name, hostClass, methodName }: HandlerCandidate): string {
  const place = `${hostClass.name}.${methodName}`;
  return name === place ? name : `${name} (${place})`;
}

function describe({ patterns, endpoint }: Subscription): string {
  return patterns.join(', ') + (endpoint === undefined ? '' : ` (endpoint ${endpoint})`);
}
