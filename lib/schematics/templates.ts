/** What `nest add` writes. README.md shows the same, which a test compares. */

const VARIABLE = 'SCALEKIT_WEBHOOK_SECRET';

/** The element of the root module's `imports`. */
export const registration = (configModule: string): string => `ScalekitWebhookModule.forRootAsync({
      imports: [${configModule}],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        secret: config.getOrThrow<string>('${VARIABLE}'),
      }),
    })`;

export const handler = `import { Injectable, Logger } from '@nestjs/common';
import {
  type DirectoryUser,
  EventData,
  OnScalekitEvent,
} from 'nestjs-scalekit-webhooks';

@Injectable()
export class UserSync {
  private readonly logger = new Logger(UserSync.name);

  @OnScalekitEvent('organization.directory.user_created')
  create(@EventData() user: DirectoryUser) {
    this.logger.log(\`save \${user.id}\`);
  }
}
`;

export const handlerTest = (extension: string): string => `import {
  scalekitEvent,
  ScalekitWebhookTestingModule,
} from 'nestjs-scalekit-webhooks/testing';
import { UserSync } from './user-sync${extension}';

it('handles a new directory user', async () => {
  const handlers = await ScalekitWebhookTestingModule.create({
    providers: [UserSync],
  });
  const event = scalekitEvent('organization.directory.user_created');
  expect(await handlers.emit(event)).toEqual(['UserSync.create']);
});
`;

/** `.env.example` with the variable. */
export function withVariable(example: string): string {
  if (new RegExp(`^(?:export )?${VARIABLE}=`, 'm').test(example)) {
    return example;
  }
  const gap = example && !example.endsWith('\n') ? '\n' : '';
  return `${example}${gap}# Scalekit dashboard > Developers > Webhooks > your endpoint: the signing secret\n${VARIABLE}=\n`;
}

export const NEXT_STEPS = `
First event:
  echo '${VARIABLE}=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' >> .env
  npm start
  npx scalekit-webhooks send organization.directory.user_created    (in a second terminal)
`;
