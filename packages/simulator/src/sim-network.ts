/** A simulated operator: SMS from SIMs go to whoever takes them, SMS to a number go to every phone with a SIM of it. */

/** A SIM. Two cards with one number are a clone and its original. */
export interface SimCard {
  /** E.164. */
  readonly number: string;
  readonly carrier?: string;
  /** Names this card on a phone; another one for every card when absent. */
  readonly subscription?: string;
}

/** An SMS from a SIM. */
export interface OutgoingSms {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** An operator. */
export interface SimulatedNetwork {
  /** Carries an SMS; true when whoever took it acknowledged it, which is what a delivery report says. */
  readonly send: (sms: OutgoingSms) => Promise<boolean>;
  /** Brings an SMS to a number: true when a phone took it. */
  readonly deliver: (to: string, text: string) => boolean;
  /** Puts a card into a phone; answers how to take it out. */
  readonly attach: (number: string, receive: (text: string) => void) => () => void;
}

/** An operator whose messages to virtual numbers `take` gets: a webhook, an SMPP link, a service. What throws there was not acknowledged. */
export const simulatedNetwork = (take: (sms: OutgoingSms) => Promise<boolean>): SimulatedNetwork => {
  const phones = new Map<string, Set<(text: string) => void>>();
  return {
    send: (sms) => take(sms).catch(() => false),
    deliver: (to, text) => {
      const receivers = phones.get(to) ?? [];
      for (const receive of receivers) receive(text);
      return phones.has(to);
    },
    attach: (number, receive) => {
      const receivers = phones.get(number) ?? new Set();
      phones.set(number, receivers.add(receive));
      return () => {
        receivers.delete(receive);
        if (receivers.size === 0) phones.delete(number);
      };
    },
  };
};

/** An operator without anybody behind its virtual numbers. */
export const deadNetwork: SimulatedNetwork = simulatedNetwork(async () => false);
