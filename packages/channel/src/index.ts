export * from './replay-window.ts';
