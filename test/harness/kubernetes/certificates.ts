import { generateKeyPairSync } from 'node:crypto';
import '../../../src/cli/certs/reflect-metadata.ts';
import * as x509 from '@peculiar/x509';

/** A key and its certificate, both PEM. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** Subject alternative names of a client. */
export interface ClientNames {
  readonly dns?: readonly string[];
  readonly uris?: readonly string[];
}

/** A certificate authority of one test cluster. */
export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** A server certificate for these DNS names and IP addresses. */
  server(names: readonly string[], addresses: readonly string[]): Promise<KeyPair>;
  /** A client certificate; Kubernetes reads the user from the common name and the groups from the organizations. */
  client(user: string, groups: readonly string[], names?: ClientNames): Promise<KeyPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

let serial = Date.now();

export async function createAuthority(name: string): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (subject: string, extensions: x509.Extension[]): Promise<KeyPair> => {
    const pair = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject,
      issuer: own.subject,
      publicKey: pair.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), ...extensions],
    });
    const key = x509.PemConverter.encode(
      await crypto.subtle.exportKey('pkcs8', pair.privateKey),
      'PRIVATE KEY',
    );
    return { key, certificate: certificate.toString('pem') };
  };
  return {
    certificate: own.toString('pem'),
    server: (names, addresses) =>
      issue(`CN=${names[0] ?? addresses[0] ?? 'server'}`, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: 'dns' as const, value })),
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ]),
    client: (user, groups, { dns = [], uris = [] } = {}) => {
      const names = [
        ...dns.map((value) => ({ type: 'dns' as const, value })),
        ...uris.map((value) => ({ type: 'url' as const, value })),
      ];
      return issue([`CN=${user}`, ...groups.map((group) => `O=${group}`)].join(', '), [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ]);
    },
  };
}

function validity(): { notBefore: Date; notAfter: Date; serialNumber: string } {
  serial += 1;
  return {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    serialNumber: serial.toString(16),
  };
}

/** The key that signs service account tokens, PEM. */
export function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }) as string;
}
