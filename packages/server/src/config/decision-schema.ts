/** Parser of the section `decision`, and of the member of that name of a route. */
import { starterPolicies } from '@hauberk/decision';
import { z } from 'zod';
import type { DecisionConfig, DecisionSource, RouteDecisionConfig } from './decision-config.ts';

const starterIds = starterPolicies.map(({ id }) => id) as [string, ...string[]];
const count = (least: number, most: number) => z.int().min(least).max(most);
const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be 1 to 64 letters, digits or _ and begin with a letter');
const scene = z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/, 'must be a scene such as transfer');
const pointer = z.string().regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'must be a JSON Pointer (RFC 6901) such as /payee/iban');
const parameter = z.string().min(1).max(128);

const source: z.ZodType<DecisionSource> = z.union([
  pointer,
  z.strictObject({ in: z.literal('path'), parameter }),
  z.strictObject({ in: z.literal('query'), parameter }),
]);

/** The member `decision` of a route. */
export const routeDecisionSchema: z.ZodType<RouteDecisionConfig | undefined> = z
  .strictObject({
    scene: scene.describe('What the customer is doing, as docs/scenes.md has it; policies choose their rules by it.'),
    entities: z
      .record(name, source)
      .default({})
      .describe('Kinds of entities that have profiles, beside device, account, address and session.'),
    facts: z.record(name, source).default({}).describe('Business facts that policies read as `attr.<name>`.'),
    amount: pointer.optional().describe('Where the JSON body has the amount in minor units.'),
    deadlineMs: count(1, 10_000).optional().describe('Longest judgement; of the section when absent.'),
    failMode: z
      .enum(['open', 'closed'])
      .optional()
      .describe('What happens without a judgement; money and binding always close.'),
    honey: z
      .array(pointer)
      .max(32)
      .default([])
      .describe('Members of the JSON body that no honest client sends; whoever does touches a trap.'),
  })
  .optional()
  .describe('Each request of this route is judged by the policies of its scene.');

const trapSchema = z
  .strictObject({
    holdMs: count(0, 60_000).default(0).describe('How much longer than the service a trap takes for its answer.'),
    heldRequests: count(0, 100_000).default(64).describe('Answers that traps hold back at a time, per worker thread.'),
    markHours: count(1, 8760).default(24).describe('How long a device counts as one that touched a trap.'),
    marks: count(256, 16_777_216).default(16_384).describe('Devices and addresses that are remembered so.'),
    decoys: z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
        z.strictObject({
          status: count(200, 599).default(200),
          contentType: z.string().min(1).default('application/json'),
          body: z.string().max(65_536),
        }),
      )
      .default({})
      .describe('What traps answer, by the name that policies oblige to.'),
    canaries: z
      .array(z.strictObject({ kind: name, value: z.string().min(1).max(256) }))
      .max(4096)
      .default([])
      .describe('Values that nobody honest has, by kind of entity.'),
  })
  .prefault({});

const apiSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Beyond this machine only with `tls`.'),
    port: z.int().min(1).max(65_535).describe('All worker threads share it.'),
    tls: z
      .strictObject({
        certificateFile: z.string().min(1).describe('PEM file with the certificate chain, leaf first.'),
        keyFile: z.string().min(1).describe('PEM file with the private key.'),
      })
      .optional(),
    undeclaredScenes: z
      .enum(['refuse', 'allow'])
      .default('refuse')
      .describe('What becomes of events whose `type` neither the catalogue nor `scenes` declares.'),
  })
  .optional()
  .describe('Listener of `POST /v1/decisions`, for those whose requests do not pass the gateway.');

/** The section `decision`. */
export const decisionSchema: z.ZodType<DecisionConfig | undefined> = z
  .strictObject({
    policies: z
      .array(
        z.strictObject({
          file: z.string().min(1).optional().describe('JSON file with one policy.'),
          starter: z
            .array(z.enum(starterIds))
            .min(1)
            .optional()
            .describe('Starter policies that are joined into one (docs/starter-policies.md), instead of a file.'),
          mode: z
            .enum(['active', 'shadow'])
            .default('active')
            .describe('`shadow` is evaluated and told, and changes nothing.'),
          scenes: z.array(scene).optional().describe('Scenes that it decides; those of its rules when absent.'),
          approvedBy: z
            .string()
            .min(1)
            .max(128)
            .optional()
            .describe('Who answers for refusals and traps on money routes that were never watched in shadow.'),
        }),
      )
      .max(64)
      .default([])
      .describe('Policies in files; those that are stored by the administration come beside them.'),
    scenes: z
      .record(
        scene,
        z.strictObject({
          entities: z.array(name).max(24).default([]).describe('Kinds of entities beside those of every scene.'),
          attributes: z
            .record(name, z.enum(['number', 'text', 'truth']))
            .default({})
            .describe('Business facts.'),
        }),
      )
      .default({})
      .describe('Scenes beside, or by the same name in the place of, those of the catalogue.'),
    lists: z
      .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/), z.string().min(1))
      .default({})
      .describe('Lists that policies ask: name → file with one entry a line.'),
    failMode: z.enum(['open', 'closed']).optional().describe('Of routes that name none; by class when absent.'),
    deadlineMs: count(1, 10_000).default(20).describe('Longest judgement of a route that names none.'),
    profiles: count(1024, 100_000_000).default(65_536).describe('Entities whose profiles are kept.'),
    secret: z
      .string()
      .min(32)
      .optional()
      .describe('Key of the hashes of identifiers; one of the keyring when absent. At least 32 characters.'),
    waitingRecords: count(16, 1_000_000)
      .default(4096)
      .describe('Decision records that may wait to be written, per worker thread.'),
    watchedDecisions: count(1, 1_000_000_000)
      .default(1000)
      .describe('For so many decisions a policy is watched in shadow before it may refuse on money routes.'),
    traps: trapSchema,
    api: apiSchema,
  })
  .optional()
  .describe('What requests are judged by beyond their signature; see docs/decisions-in-path.md.');
