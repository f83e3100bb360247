/** Attacks with false people: forged papers, loan rings, pools of SIM cards. */
import type { Actor, Setting } from './actor.ts';
import { drawOf, type Gang, gangPhone, gangsOf, momentsOf, rented, type Step, turnOf } from './gang.ts';
import { chance, type Draw, idOf, logNormal, pick, poisson, whole } from './random.ts';
import type { Act } from './scene.ts';

/** Numbers bought in one block: the server sees that by their first digits. */
const blockOf = (gang: Gang): string => `block-${idOf(gang.setting.world.seed, 'tel', gang.name).slice(4, 7)}`;

const planForgers = (gang: Gang): Actor['plan'] => {
  const { seed } = gang.setting.world;
  const phones = ['a', 'b'].map((name) => gangPhone(gang, name, { lasting: ['camera.virtual', 'root.suBinary'] }));
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 3 + poisson(draw, 3)).map((atMs, index) => {
      const who = `${gang.name}/${dayStartMs}/${index}`;
      const phone = idOf(seed, 'tel', who);
      const entities = {
        phone,
        paper: idOf(seed, 'paper', who),
        face: idOf(seed, 'face', `${gang.name}/${whole(draw, 0, 5)}`),
      };
      const steps = (each: Draw): readonly Step[] => {
        const paper = {
          paperKind: 'identity',
          paperScore: Math.round(logNormal(each, 68, 0.18)),
          paperNameMatches: true,
          isFromCamera: chance(each, 0.5),
        };
        const scores = { faceScore: whole(each, 72, 93), livenessScore: whole(each, 35, 82) };
        const tenure = {
          phoneTenureDays: whole(each, 0, 25),
          phoneNameMatches: chance(each, 0.5),
          simAgeHours: whole(each, 5, 600),
          'phone.block': blockOf(gang),
        };
        return [
          { report: 'bind' },
          { type: 'register', entities: { phone }, attributes: tenure },
          {
            type: 'face-check',
            entities: { face: entities.face },
            attributes: { ...scores, isFromCamera: paper.isFromCamera },
          },
          {
            type: 'account-open',
            entities,
            attributes: { ...tenure, ...paper, ...scores, cardNameMatches: chance(each, 0.7) },
          },
        ];
      };
      const passing = ['camera.injectedStream'];
      return turnOf(gang, {
        atMs,
        name: `open/${index}`,
        phone: pick(draw, phones),
        account: idOf(seed, 'acc', who),
        access: rented(gang, draw, 0.1),
        passing,
        pace: 25,
        steps,
      });
    });
  };
};

/** The hexagon: who asks, over which line, on which phone, how, for what, and who they are to each other. */
const planLoans = (gang: Gang): Actor['plan'] => {
  const { seed } = gang.setting.world;
  const phones = ['a', 'b', 'c'].map((name) =>
    gangPhone(gang, name, { attested: { level: 'tee', boot: 'verified', app: 'approved' } }),
  );
  const employer = idOf(seed, 'employer', gang.name);
  const agent = idOf(seed, 'payee', `agent/${gang.name}`);
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 2 + poisson(draw, 2)).map((atMs, index) => {
      const who = `${gang.name}/${dayStartMs}/${index}`;
      const phone = idOf(seed, 'tel', who);
      const steps = (each: Draw): readonly Step[] =>
        loanSteps(each, { phone, paper: idOf(seed, 'paper', who), face: idOf(seed, 'face', who), employer, agent });
      return turnOf(gang, {
        atMs,
        name: `loan/${index}`,
        phone: pick(draw, phones),
        account: idOf(seed, 'acc', who),
        access: rented(gang, draw, 0),
        pace: 40,
        steps,
      });
    });
  };
};

interface Applicant {
  readonly phone: string;
  readonly paper: string;
  readonly face: string;
  readonly employer: string;
  readonly agent: string;
}

const loanSteps = (draw: Draw, { phone, paper, face, employer, agent }: Applicant): readonly Step[] => {
  const amountMinor = whole(draw, 8, 50) * 100_000;
  const lending = {
    declaredIncomeMinor: pick(draw, [800_000, 1_000_000, 1_200_000, 1_500_000]),
    debtShare: Math.round(draw() * 40) / 100,
    bureauScore: whole(draw, 520, 660),
    applicationsElsewhere: whole(draw, 3, 14),
    termMonths: pick(draw, [12, 24, 36]),
  };
  const person = { faceScore: whole(draw, 82, 97), livenessScore: whole(draw, 70, 95) };
  const coached = { secondsInScene: whole(draw, 15, 45), corrections: 0, pastedFields: whole(draw, 2, 6) };
  return [
    { report: 'pay' },
    {
      type: 'login-sms',
      entities: { phone },
      attributes: { accountAgeDays: whole(draw, 0, 20), phoneTenureDays: whole(draw, 3, 60) },
    },
    {
      type: 'loan-apply',
      amountMinor,
      entities: { phone, paper, face, employer },
      attributes: {
        ...lending,
        ...person,
        ...coached,
        employerApplications: whole(draw, 6, 25),
        phoneTenureDays: whole(draw, 3, 60),
        phoneNameMatches: true,
        paperScore: whole(draw, 70, 92),
        paperNameMatches: true,
        accountAgeDays: whole(draw, 0, 20),
      },
    },
    {
      type: 'loan-sign',
      amountMinor,
      entities: { phone, face },
      attributes: { ...lending, ...person, factor: 'sms', hoursSinceDeviceBind: whole(draw, 0, 5) },
    },
    ...(chance(draw, 0.85)
      ? [
          {
            type: 'loan-drawdown',
            amountMinor,
            entities: { payee: agent },
            attributes: {
              hoursSinceSign: 0,
              isPayoutToOwnAccount: false,
              isSavedPayee: false,
              payeeAgeDays: 0,
              factor: 'sms',
              hoursSinceDeviceBind: whole(draw, 0, 5),
            },
          },
        ]
      : []),
  ];
};

const planSimPool = (gang: Gang): Actor['plan'] => {
  const { seed } = gang.setting.world;
  const phones = ['a', 'b', 'c', 'd'].map((name) =>
    gangPhone(gang, name, { lasting: ['telephony.simChanged', 'farm.poweredAlwaysOn', 'farm.noLock'] }),
  );
  return (dayStartMs) => {
    const draw = drawOf(gang, 'day', dayStartMs);
    return momentsOf(draw, dayStartMs, 3 + poisson(draw, 3)).map((atMs, index) => {
      const numbers = Array.from(
        { length: whole(draw, 4, 10) },
        (_, nth) => `${gang.name}-${Math.floor(dayStartMs / 86_400_000) % 1000}-${index}-${nth}`,
      );
      const steps: readonly Step[] = numbers.flatMap((name): readonly Act[] => {
        const phone = idOf(seed, 'tel', name);
        const account = idOf(seed, 'acc', name);
        const attributes = {
          simAgeHours: whole(draw, 1, 72),
          phoneTenureDays: whole(draw, 0, 20),
          phoneNameMatches: false,
          'phone.block': blockOf(gang),
        };
        return [
          { type: 'sms-code', entities: { phone, account }, attributes },
          {
            type: 'register',
            entities: { phone, account },
            attributes: { ...attributes, isNewCustomerOffer: true, inviterOffers: whole(draw, 3, 40) },
          },
        ];
      });
      return turnOf(gang, {
        atMs,
        name: `pool/${index}`,
        phone: pick(draw, phones),
        account: idOf(seed, 'acc', gang.name),
        access: rented(gang, draw, 0.1),
        pace: 5,
        steps: () => [{ report: 'bind' }, ...steps],
      });
    });
  };
};

/** Everybody who is somebody else. */
export const createPaperAttacks = (setting: Setting): readonly Actor[] => [
  ...gangsOf(setting, 'forged-papers', 4, planForgers),
  ...gangsOf(setting, 'loan-ring', 3, planLoans),
  ...gangsOf(setting, 'sim-pool', 2, planSimPool),
];
