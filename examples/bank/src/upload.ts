/** Takes a form with files (proof of address and the like), counts and hashes it, keeps nothing. */
import { createHash } from 'node:crypto';
import type { UploadReply } from './bank-api.ts';
import type { Call } from './call.ts';
import { granted, type Outcome, refused } from './problem.ts';

/** Largest form: five mebibytes. */
export const UPLOAD_CAP_BYTES: number = 5 * 1024 * 1024;

/** Reads `multipart/form-data`. */
export async function readUpload({ headers, body }: Call, documentId: string): Promise<Outcome<UploadReply>> {
  const contentType = headers['content-type'] ?? '';
  if (!contentType.startsWith('multipart/form-data')) return refused('unsupported-media-type');
  const form = await readForm(contentType, body);
  if (form === null) return refused('bad-upload');
  const fields: Record<string, string> = {};
  const files: UploadReply['files'][number][] = [];
  for (const [field, value] of form) {
    if (typeof value === 'string') Object.defineProperty(fields, field, { value, enumerable: true });
    else files.push(await describeFile(field, value));
  }
  return granted({ documentId, fields, files });
}

/** The platform's own parser; it throws on anything malformed. */
async function readForm(contentType: string, body: Buffer): Promise<FormData | null> {
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  } catch {
    return null;
  }
}

async function describeFile(field: string, file: File): Promise<UploadReply['files'][number]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { field, name: file.name, bytes: bytes.length, sha256 };
}
