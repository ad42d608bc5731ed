import * as nest from '@nestjs/core';
import * as webhooks from 'nestjs-scalekit-webhooks';
import * as kit from 'nestjs-scalekit-webhooks/testing';
import runCases from './kit.cases.cjs';

runCases({ nest, webhooks, kit });
