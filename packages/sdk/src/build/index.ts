/** For builds: which package each piece of a bundle is, so that a call chain has an owner. Plug-ins for vite, rollup, webpack and esbuild. */
export { type EsbuildStampPlugin, hauberkEsbuild } from './esbuild.ts';
export { hauberkRollup, type StampOptions, type StampPlugin } from './rollup.ts';
export type { BuildManifest } from './stamp.ts';
export { HauberkWebpackPlugin } from './webpack.ts';
