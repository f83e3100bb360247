/** What draws, computes and moves. */
import { isMobile } from './automation-traces.ts';
import { type Finding, flagProbe, type Probe } from './probe.ts';
import type { ProbeWorld } from './probe-world.ts';

const softwareRenderer =
  /SwiftShader|llvmpipe|softpipe|Software|Basic Render|VirtualBox|VMware|Parallels|Mesa OffScreen/i;

const numberOf = (world: ProbeWorld, path: string): number | undefined => {
  const value = world.value(path);
  return typeof value === 'number' ? value : undefined;
};

const isOdd = (world: ProbeWorld): boolean => {
  const cores = numberOf(world, 'navigator.hardwareConcurrency');
  const memory = numberOf(world, 'navigator.deviceMemory');
  const touches = numberOf(world, 'navigator.maxTouchPoints');
  const width = numberOf(world, 'screen.width') ?? 1;
  const height = numberOf(world, 'screen.height') ?? 1;
  if (cores !== undefined && (cores < 1 || (isMobile(world) && cores > 16))) return true;
  // Browsers say one of these and nothing between or beyond.
  if (memory !== undefined && ![0.25, 0.5, 1, 2, 4, 8, 16, 32].includes(memory)) return true;
  return width < 1 || height < 1 || (isMobile(world) && touches === 0);
};

/** Graphics by software, and hardware that does not fit together. */
export const hardware: Probe = flagProbe(['emulator.softwareGpu', 'emulator.oddHardware'], (world) => ({
  'emulator.softwareGpu': softwareRenderer.test(world.renderer() ?? ''),
  'emulator.oddHardware': isOdd(world),
}));

const enoughSamples = 30;

/** Sensors of a phone in a hand never rest. */
export const motion: Probe = flagProbe(['emulator.sensorsSilent', 'farm.still'], (world) => {
  const look = world.motion();
  const isMeasured = look !== undefined && look.samples >= enoughSamples && isMobile(world);
  return {
    'emulator.sensorsSilent': isMeasured && look.spread === 0,
    'farm.still': isMeasured && look.spread > 0 && look.spread < 0.05 && world.input().touches >= 5,
  };
});

const bucket = (value: number): number => Math.max(0, Math.min(999, Math.round(value)));

/** Coarse sizes, which tell and do not count. */
export const sizes: Probe = {
  codes: ['identity.coresBucket', 'identity.memoryBucket', 'identity.screenBucket'],
  look: (world) => {
    const found: Finding[] = [];
    const cores = numberOf(world, 'navigator.hardwareConcurrency');
    const memory = numberOf(world, 'navigator.deviceMemory');
    const width = numberOf(world, 'screen.width');
    const height = numberOf(world, 'screen.height');
    if (cores !== undefined && cores > 0) found.push({ code: 'identity.coresBucket', value: bucket(Math.log2(cores)) });
    if (memory !== undefined && memory > 0)
      found.push({ code: 'identity.memoryBucket', value: bucket(Math.log2(memory) + 2) });
    if (width !== undefined && height !== undefined) {
      const steps = (points: number, most: number): number => Math.max(0, Math.min(most, Math.floor(points / 200)));
      found.push({ code: 'identity.screenBucket', value: steps(width, 19) * 50 + steps(height, 49) });
    }
    return found;
  },
};

/** Drawings and sounds that differ from themselves. */
export const noise: Probe = flagProbe(['identity.canvasNoise', 'identity.audioNoise'], async (world) => {
  const drawn = world.drawings();
  const heard = await world.sounds();
  return {
    'identity.canvasNoise': drawn !== undefined && drawn[0] !== drawn[1],
    'identity.audioNoise': heard !== undefined && heard[0] !== heard[1],
  };
});

const virtualCamera =
  /virtual|\bobs\b|manycam|snap camera|xsplit|splitcam|droidcam|iriun|vcam|v4l2loopback|fake|dummy|akvcam/i;

/** Cameras that programs play. */
export const cameras: Probe = flagProbe(['camera.virtual', 'camera.constraintsOdd'], async (world) => {
  const looks = (await world.cameras()) ?? [];
  return {
    'camera.virtual': looks.some(({ label }) => virtualCamera.test(label)),
    'camera.constraintsOdd': looks.some(
      ({ maxFrameRate, maxWidth }) =>
        (maxFrameRate !== undefined && (maxFrameRate <= 0 || maxFrameRate > 480)) ||
        (maxWidth !== undefined && (maxWidth < 160 || maxWidth > 16_384)),
    ),
  };
});
