const nest = require('@nestjs/core');
const webhooks = require('nestjs-scalekit-webhooks');
const kit = require('nestjs-scalekit-webhooks/testing');
const runCases = require('./kit.cases.cjs');

runCases({ nest, webhooks, kit });
