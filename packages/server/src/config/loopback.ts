/** Which hosts need no encryption. */
const names: readonly string[] = ['localhost', '::1'];

/** Whether a host is this machine. */
export const isLoopback = (host: string): boolean =>
  names.includes(host) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
