/** What the schema cannot tell of the `sms` member. */
import { resolve } from 'node:path';
import { readCidr } from '../gateway/connection-trust.ts';
import type { Config, SmsConfig, SmsLinkConfig } from './config.ts';
import type { PathIssue } from './config-issue.ts';

const judgeLink = (sms: SmsConfig, link: SmsLinkConfig, index: number): readonly PathIssue[] => {
  const path = ['sms', 'links', index];
  const { smpp, webhook, id } = link;
  const issue = (message: string, hint: string): readonly PathIssue[] => [{ path, message, hint }];
  const isRepeated = sms.links.findIndex((other) => other.id === id) < index;
  if (isRepeated) return issue(`${id} is given twice`, 'rename one of them');
  if ((smpp === undefined) === (webhook === undefined))
    return issue('is either opened or called', 'give it one of smpp and webhook');
  if (smpp?.tls !== undefined && (smpp.tls.certificateFile === undefined) !== (smpp.tls.keyFile === undefined))
    return issue('half a certificate', 'give certificateFile and keyFile, or neither');
  if (webhook === undefined) return [];
  if (sms.listen === undefined) return issue('nobody can call it', 'declare sms.listen');
  if (sms.links.findIndex((other) => other.webhook?.path === webhook.path) < index)
    return issue(`${webhook.path} is given twice`, 'give each webhook a path of its own');
  if (webhook.addresses.some((cidr) => readCidr(cidr) === undefined))
    return issue('addresses holds something else than CIDR blocks', 'such as 203.0.113.0/24');
  if (webhook.addresses.length === 0 && webhook.clientNames.length === 0)
    return issue('anybody could call it', 'give addresses, or clientNames with sms.listen.tls.clientCaFile');
  return webhook.clientNames.length > 0 && sms.listen.tls?.clientCaFile === undefined
    ? issue('clientNames need client certificates', 'give sms.listen.tls.clientCaFile')
    : [];
};

/** Judges the links. */
export const judgeSms = ({ sms }: Config): readonly PathIssue[] =>
  sms === undefined ? [] : sms.links.flatMap((link, index) => judgeLink(sms, link, index));

/** Its file names, made absolute. */
export const resolveSms = (sms: SmsConfig | undefined, folder: string): SmsConfig | undefined => {
  if (sms === undefined) return undefined;
  const absolute = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(folder, file);
  const { listen } = sms;
  const tls = listen?.tls;
  const listenTls =
    tls === undefined
      ? undefined
      : {
          certificateFile: resolve(folder, tls.certificateFile),
          keyFile: resolve(folder, tls.keyFile),
          clientCaFile: absolute(tls.clientCaFile),
        };
  const links = sms.links.map((link) => {
    const smppTls = link.smpp?.tls;
    if (link.smpp === undefined || smppTls === undefined) return link;
    const files = {
      caFile: absolute(smppTls.caFile),
      certificateFile: absolute(smppTls.certificateFile),
      keyFile: absolute(smppTls.keyFile),
    };
    return { ...link, smpp: { ...link.smpp, tls: { ...smppTls, ...files } } };
  });
  return { ...sms, links, listen: listen === undefined ? undefined : { ...listen, tls: listenTls } };
};
