/** What traps tell: a decoy's words in the clothes of a real reply, after as long as the service would take. */
import { usualObligations } from '@hauberk/decision';
import type { TrapConfig } from '../config/decision-config.ts';
import type { UpstreamReply } from '../gateway/idempotency.ts';
import type { Decoy, Route } from '../gateway/route.ts';
import { RouteShape } from './route-shape.ts';

/** What stories are made of. */
export interface StoryParts {
  readonly limits: Pick<TrapConfig, 'holdMs' | 'heldRequests'>;
  /** By the name that policies oblige to. */
  readonly decoys: ReadonlyMap<string, Decoy>;
  /** The body of a decoy for a device. */
  readonly bodyFor: (deviceId: string, body: Uint8Array) => Uint8Array;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The stories of one thread. */
export class Stories {
  readonly #parts: StoryParts;
  readonly #routes = new Map<string, RouteShape>();
  readonly #services = new Map<string, RouteShape>();
  #held = 0;

  constructor(parts: StoryParts) {
    this.#parts = parts;
  }

  /** Answers that are being held back. */
  get held(): number {
    return this.#held;
  }

  #shapeAt(shapes: Map<string, RouteShape>, name: string): RouteShape {
    const held = shapes.get(name) ?? new RouteShape();
    shapes.set(name, held);
    return held;
  }

  /** The route's own replies; those of its service where it has none, as a route that is only a trap. */
  #shapeOf({ id, service }: Route): RouteShape {
    return this.#routes.get(`${service}\n${id}`) ?? this.#shapeAt(this.#services, service);
  }

  /** Takes note of a reply of the service. Only successes: that is what a trap pretends. */
  see({ id, service }: Route, status: number, headers: readonly string[], milliseconds: number): void {
    if (status < 200 || status > 299) return;
    this.#shapeAt(this.#routes, `${service}\n${id}`).see(headers, milliseconds);
    this.#shapeAt(this.#services, service).see(headers, milliseconds);
  }

  /** What a device is told on a route; undefined where nothing was laid out. */
  tell(route: Route, deviceId: string, name: string): UpstreamReply | undefined {
    const { decoys, bodyFor } = this.#parts;
    // What a policy names, then what fits the route best, then what fits anything.
    const named = name === '' || name === usualObligations.trap ? undefined : decoys.get(name);
    const decoy = named ?? route.decoy ?? decoys.get(usualObligations.trap);
    if (decoy === undefined) return undefined;
    const { status, body } = decoy;
    return { status, headers: this.#shapeOf(route).headersOf(decoy), body: bodyFor(deviceId, body) };
  }

  /** Waits as long as the service takes, and longer for a tar-pit. With too many waiting already nobody waits: it must cost the attacker, not us. */
  tarry(route: Route): Promise<void> {
    const { limits, random } = this.#parts;
    const milliseconds = this.#shapeOf(route).duration(random()) + limits.holdMs;
    if (milliseconds < 1 || this.#held >= limits.heldRequests) return Promise.resolve();
    this.#held += 1;
    return new Promise((resolve) => {
      setTimeout(() => {
        this.#held -= 1;
        resolve();
      }, milliseconds);
    });
  }
}
