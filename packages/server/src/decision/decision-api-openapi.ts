/** The OpenAPI document of the decision API: `docs/decision-api.json` is what this makes. */
import { outcomes } from '@hauberk/decision';
import { apiProblems, maxApiLines } from './decision-api-listener.ts';

const text = { type: 'string', minLength: 1, maxLength: 256 };
const instant = { type: 'integer', description: 'Milliseconds since 1970, from 2000 to 2099.' };

const event = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'type', 'atMs'],
  properties: {
    id: {
      ...text,
      description:
        'Names the event; asking again by it answers what was decided then, and with anything else is a conflict.',
    },
    type: { ...text, description: 'A declared scene, see docs/scenes.md.' },
    atMs: instant,
    entities: {
      type: 'object',
      maxProperties: 16,
      additionalProperties: text,
      description: 'Kind → id; hashed at once.',
    },
    amountMinor: { type: ['integer', 'null'], minimum: 0 },
    attributes: {
      type: 'object',
      maxProperties: 64,
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      description: 'Those that the scene declares.',
    },
  },
};

const label = {
  type: 'object',
  additionalProperties: false,
  required: ['eventId', 'fraud', 'knownAtMs'],
  properties: { eventId: text, fraud: { type: 'boolean' }, knownAtMs: instant },
};

const policy = { id: { type: 'string' }, hash: { type: 'string' } };

const decision = {
  type: 'object',
  required: ['id', 'eventId', 'outcome', 'points', 'reasons', 'obligations', 'policy', 'score', 'isRepeat', 'fault'],
  properties: {
    id: { type: 'string', description: 'Keyed hash of the id of the event: what `hauberk why` takes.' },
    eventId: { type: 'string' },
    outcome: { enum: [...outcomes] },
    points: { type: 'number' },
    reasons: { type: 'array', items: { type: 'string' } },
    obligations: { type: 'array', items: { type: 'object' } },
    policy: { type: ['object', 'null'], properties: policy },
    score: { type: ['number', 'null'], description: 'Probability of fraud.' },
    isRepeat: { type: 'boolean' },
    fault: {
      enum: [null, 'decision.no-policy', 'decision.late', 'decision.fault', 'decision.table-full'],
      description: 'Why the outcome is that of the fail mode.',
    },
  },
};

const kept = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    atMs: { type: 'integer' },
    scene: { type: 'string' },
    outcome: { enum: [...outcomes] },
    points: { type: 'number' },
    policy: { type: 'string' },
    reasons: { type: 'array', items: { type: 'string' } },
  },
};

const taken = {
  type: 'object',
  properties: {
    eventId: { type: 'string' },
    isKnown: { type: 'boolean', description: 'Whether the event is remembered.' },
  },
};

const problems = Object.fromEntries(
  [...new Set(Object.values(apiProblems).map(([status]) => status))].map((status) => [
    String(status),
    {
      description: Object.entries(apiProblems)
        .filter(([, [each]]) => each === status)
        .map(([code, [, title]]) => `${code}: ${title}`)
        .join('; '),
      content: { 'application/problem+json': { schema: { type: 'object' } } },
    },
  ]),
);

const app = {
  name: 'hauberk-app',
  in: 'header',
  required: false,
  schema: { type: 'string' },
  description: 'The app; the only one that the token may ask for when absent.',
};

const lines = (what: string) =>
  `One ${what} a line, at most ${maxApiLines}; one answer a line, a refusal for a line that is none.`;

const post = (operationId: string, summary: string, what: string, body: object, answer: object): object => ({
  post: {
    operationId,
    summary,
    parameters: [app],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: body },
        'application/x-ndjson': { schema: { type: 'string', description: lines(what) } },
      },
    },
    responses: {
      '200': {
        description: 'Kept on the disk, then answered.',
        content: {
          'application/json': { schema: answer },
          'application/x-ndjson': { schema: { type: 'string' } },
        },
      },
      ...problems,
    },
  },
});

/** The document, OpenAPI 3.1. */
export const decisionApiDocument = (): object => ({
  openapi: '3.1.0',
  info: {
    title: 'Hauberk decision API',
    version: '1',
    description:
      'Decisions for those whose requests do not pass the gateway; docs/decision-api.md. Needs an API token with `decisions:decide`.',
  },
  security: [{ token: [] }],
  components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  paths: {
    '/v1/decisions': post('decide', 'Decides on events.', 'event', event, decision),
    '/v1/decisions/{id}': {
      get: {
        operationId: 'findDecision',
        summary: 'What was decided.',
        parameters: [
          app,
          { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{16}$' } },
        ],
        responses: {
          '200': { description: 'The decision.', content: { 'application/json': { schema: kept } } },
          ...problems,
        },
      },
    },
    '/v1/labels': post('label', 'Tells what events turned out to be.', 'label', label, taken),
  },
});

/** The document as text. */
export const decisionApiText = (): string => `${JSON.stringify(decisionApiDocument(), null, 2)}\n`;
