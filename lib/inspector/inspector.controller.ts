import {
  type CanActivate,
  Controller,
  Get,
  Logger,
  Post,
  Req,
  Res,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { ownCodeOf } from '../scalekit-webhook.errors.js';
import { describeError } from '../shared/describe-error.js';
import { EntriesFeed } from './entries.feed.js';
import { BadQueryError, FailedInbox } from './failed.inbox.js';
import { InspectorViews } from './inspector.views.js';
import { onThisMachine } from './on-this-machine.guard.js';
import { answerError, answerJson, answerPage, type RawExchange, takeOver, writeHead } from './raw-answer.js';
import { isFromElsewhere, isSameOrigin } from './same-origin.js';

const AWAY = ['inspector_log', 'store_unavailable', 'queue_unavailable', 'shutting_down'];

type Work = (query: URLSearchParams) => Promise<unknown>;

/** A controller class for one registration. Its guards stand before every address. */
export function createInspectorController(
  path: string,
  guards: readonly (Type<CanActivate> | CanActivate)[],
): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...(guards.length > 0 ? guards : [onThisMachine]))
  class ScalekitWebhookInspectorController {
    private readonly logger = new Logger('ScalekitWebhook');

    constructor(
      private readonly views: InspectorViews,
      private readonly feed: EntriesFeed,
      private readonly inbox: FailedInbox,
      { httpAdapter }: HttpAdapterHost,
    ) {
      // Fastify's router tells a path with a slash at its end from one without. Express's would prefer this to later routes.
      if (isFastify(httpAdapter)) {
        const { prototype } = ScalekitWebhookInspectorController;
        Get('*')(prototype, 'rest', { value: Reflect.get(prototype, 'rest') });
      }
    }

    @Get()
    page(@Req() request: object, @Res() response: object): void {
      answerPage(takeOver(request, response).response);
    }

    @Get('api/state')
    state(@Req() request: object, @Res() response: object): Promise<void> {
      return this.answer(takeOver(request, response), () => this.views.state());
    }

    @Get('api/stats')
    stats(@Req() request: object, @Res() response: object): Promise<void> {
      return this.answer(takeOver(request, response), (query) => {
        const window = query.get('window') ?? '15m';
        if (window !== '15m' && window !== '24h') {
          throw new BadQueryError('window must be 15m or 24h.');
        }
        return this.views.stats(window);
      });
    }

    @Get('api/deliveries')
    delivery(@Req() request: object, @Res() response: object): Promise<void> {
      return this.answer(takeOver(request, response), (query) => this.views.delivery(query.get('key') ?? ''));
    }

    @Get('api/failed')
    failed(@Req() request: object, @Res() response: object): Promise<void> {
      return this.answer(takeOver(request, response), (query) => this.inbox.list(query));
    }

    @Post('api/failed/replay')
    replay(@Req() request: object, @Res() response: object): Promise<void> {
      return this.act(takeOver(request, response), (query) => this.inbox.replay(query));
    }

    @Post('api/failed/discard')
    discard(@Req() request: object, @Res() response: object): Promise<void> {
      return this.act(takeOver(request, response), (query) => this.inbox.discard(query));
    }

    @Get('api/entries')
    entries(@Req() request: object, @Res() response: object): void {
      const exchange = takeOver(request, response);
      const { request: raw, response: reply } = exchange;
      if (isFromElsewhere(raw.headers)) {
        answerError(reply, 403, 'Forbidden');
      } else if (this.feed.isClosed || this.feed.isFull) {
        answerError(reply, 503, this.feed.isClosed ? 'Shutting down' : 'Too many open pages');
      } else {
        const resumed = raw.headers['last-event-id'] ?? queryOf(exchange).get('after');
        // A connection that were kept alive after the last event would keep the server from closing.
        if (raw.httpVersionMajor === 1) {
          reply.setHeader('connection', 'close');
        }
        writeHead(reply, 200, 'text/event-stream; charset=utf-8');
        if (raw.method === 'HEAD') {
          reply.end();
        } else {
          this.feed.add(reply, String(resumed ?? '') || undefined);
        }
      }
    }

    rest(@Req() request: { readonly params?: { readonly '*'?: string } }, @Res() response: object): void {
      const { response: reply } = takeOver(request, response);
      if (request.params?.['*'] === '') {
        answerPage(reply);
      } else {
        answerError(reply, 404, 'Not Found');
      }
    }

    private async act(exchange: RawExchange, work: Work): Promise<void> {
      if (isSameOrigin(exchange.request.headers)) {
        await this.answer(exchange, work);
      } else {
        answerError(exchange.response, 403, 'Only the page itself may do this.');
      }
    }

    /** Undefined is answered 404. */
    private async answer(exchange: RawExchange, work: Work): Promise<void> {
      const { request, response } = exchange;
      if (isFromElsewhere(request.headers)) {
        answerError(response, 403, 'Forbidden');
        return;
      }
      try {
        const value = await work(queryOf(exchange));
        if (value === undefined) {
          answerError(response, 404, 'Not Found');
        } else {
          answerJson(response, 200, value);
        }
      } catch (error) {
        this.answerFailure(exchange, error);
      }
    }

    private answerFailure({ response }: RawExchange, error: unknown): void {
      if (error instanceof BadQueryError || error instanceof RangeError) {
        answerError(response, 400, error.message);
      } else if (AWAY.includes(ownCodeOf(error) ?? '')) {
        answerError(response, 503, (error as Error).message);
      } else {
        this.logger.error(`[inspector] ${describeError(error, {})}`);
        answerError(response, 500, 'Internal Server Error');
      }
    }
  }
  return ScalekitWebhookInspectorController;
}

/** There is none in an application without HTTP. */
function isFastify(adapter: AbstractHttpAdapter | null | undefined): boolean {
  return adapter?.getType() === 'fastify';
}

function queryOf({ request }: RawExchange): URLSearchParams {
  const { url = '' } = request;
  return new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');
}
