/** Sentry with everything that it patches by default, and a transport that keeps what it would send. */
import {
  breadcrumbsIntegration,
  browserApiErrorsIntegration,
  captureMessage,
  createTransport,
  flush,
  init,
} from '@sentry/browser';

const sent: string[] = [];
init({
  dsn: 'https://key@errors.example/1',
  integrations: [breadcrumbsIntegration(), browserApiErrorsIntegration()],
  transport: (options) =>
    createTransport(options, async ({ body }) => {
      sent.push(String(body));
      return { statusCode: 200 };
    }),
});

/** The page's door to it. */
Object.assign(globalThis, {
  errors: {
    /** Everything that would have been sent for one message. */
    tell: async (message: string): Promise<string> => {
      captureMessage(message);
      await flush(5000);
      return sent.join('\n');
    },
  },
});
