/** A request as AWS hands it to a function. */
export interface LambdaRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** What a function gives back. */
export interface LambdaAnswer {
  readonly statusCode: number;
  readonly body: string;
}

type LambdaEventShape = (request: LambdaRequest) => object;

const capitalised = (name: string) => name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());

/** REST API, payload format 1.0: header names as the sender wrote them. */
const apiGatewayV1: LambdaEventShape = ({ path, headers, body, isBase64Encoded }) => {
  const entries = Object.entries(headers).map(([name, value]) => [capitalised(name), value] as const);
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: 'POST',
    headers: Object.fromEntries(entries),
    multiValueHeaders: Object.fromEntries(entries.map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      httpMethod: 'POST',
      identity: { sourceIp: '192.0.2.1' },
      path: `/prod${path}`,
      requestId: 'request-1',
      resourcePath: '/{proxy+}',
      stage: 'prod',
    },
    body,
    isBase64Encoded,
  };
};

/** HTTP API and function URLs, payload format 2.0. */
const apiGatewayV2: LambdaEventShape = ({ path, headers, body, isBase64Encoded }) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { ...headers },
  requestContext: {
    http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'Svix-Webhooks' },
    requestId: 'request-1',
    routeKey: '$default',
    stage: '$default',
    timeEpoch: 0,
  },
  body,
  isBase64Encoded,
});

const applicationLoadBalancer: LambdaEventShape = ({ path, headers, body, isBase64Encoded }) => ({
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1' } },
  httpMethod: 'POST',
  path,
  queryStringParameters: {},
  headers: { ...headers },
  body,
  isBase64Encoded,
});

export const LAMBDA_EVENTS: readonly { source: string; shape: LambdaEventShape }[] = [
  { source: 'API Gateway v1', shape: apiGatewayV1 },
  { source: 'API Gateway v2', shape: apiGatewayV2 },
  { source: 'an application load balancer', shape: applicationLoadBalancer },
];
