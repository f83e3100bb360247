/** Line icons, drawn on a 24-unit grid. */
import { svg } from './dom.ts';

const PATHS = {
  wallet: [
    'M4 7.5A2.5 2.5 0 0 1 6.5 5H17a2 2 0 0 1 2 2v1',
    'M4 7.5V17a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-7a2 2 0 0 0-2-2H4.5',
    'M16 13.5h.01',
  ],
  send: ['M5 12h13', 'M13 6.5 18.5 12 13 17.5'],
  people: [
    'M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
    'M3.5 19a5.5 5.5 0 0 1 11 0',
    'M15.5 5.4a3 3 0 0 1 0 5.2',
    'M17 14.2a5.5 5.5 0 0 1 3.5 4.8',
  ],
  ticket: [
    'M4 8a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v2a2 2 0 0 0 0 4v2a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-2a2 2 0 0 0 0-4Z',
    'M14 6.5v2',
    'M14 11v2',
    'M14 15.5v2',
  ],
  list: ['M6 4h9l3.5 3.5V19a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Z', 'M8.5 11h7', 'M8.5 15h7'],
  shield: ['M12 3.5 5 6v5.5c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6Z', 'm9 12 2.2 2.2L15.2 10'],
  open: ['M12 3.5 5 6v5.5c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6Z', 'M12 8.5v4', 'M12 15.8h.01'],
  back: ['M14.5 6 8.5 12l6 6'],
  leave: ['M14 5H7a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h7', 'M11 12h9', 'm17 9 3 3-3 3'],
  check: ['m5.5 12.5 4.2 4.2L18.5 8'],
  clock: ['M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z', 'M12 7.5V12l3 2'],
  plus: ['M12 5.5v13', 'M5.5 12h13'],
  warning: ['M12 8v5', 'M12 16.5h.01', 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z'],
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** Draws an icon; it is decoration, so screen readers skip it. */
export const icon = (name: IconName): SVGElement =>
  svg(
    'svg',
    { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    ...PATHS[name].map((d) => svg('path', { d })),
  );
