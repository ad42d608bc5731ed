import { type CanActivate, ForbiddenException } from '@nestjs/common';

/** Names without a dot, such as those of Docker, those below `localhost`, and addresses. */
const LOCAL = /^(?:[^.:[\]]+|.+\.localhost|\d+(?:\.\d+){3}|\[[\da-f:.]+\])(?::\d+)?$/i;

/**
 * Stands where the inspector has no guards. A page of anybody may lead a name of its own to this machine, and is then of the
 * same origin; a tunnel for webhooks shows all that the application serves to everybody.
 */
export const onThisMachine: CanActivate = {
  canActivate: (context) => {
    const { headers } = context.switchToHttp().getRequest<{ headers: Readonly<Record<string, string>> }>();
    if (!LOCAL.test(headers.host ?? headers[':authority'] ?? '')) {
      throw new ForbiddenException(
        'Without guards the inspector is there under localhost, names without a dot and IP addresses only. Give it ' +
          'some: ScalekitWebhookInspectorModule.forRoot({ guards: [AdminGuard] }).',
      );
    }
    return true;
  },
};
