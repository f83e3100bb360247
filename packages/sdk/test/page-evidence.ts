/** What crosses from the page to the test of trusted services. */

/** What the page hands to the server, bytes as base64url. */
export interface PageEvidence {
  readonly credentialId: string;
  readonly clientDataJson: string;
  readonly attestationObject: string;
  readonly deviceKey: string;
  readonly approveKey: string;
  readonly identified: string;
  readonly statement: string;
  readonly proof: string;
  readonly declined: string;
  readonly extractable: boolean;
  readonly unsealed: string;
}
