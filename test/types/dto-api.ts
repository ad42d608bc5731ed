// As `api.ts`, for 'nestjs-scalekit-webhooks/dto'.
export * from '../../lib/dto/index.js';
