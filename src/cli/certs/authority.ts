import { createPrivateKey, randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import './reflect-metadata.ts';
import * as x509 from '@peculiar/x509';

/** A key and its certificate, both PEM. */
export interface IssuedKeyPair {
  readonly key: string;
  readonly certificate: string;
  readonly notAfter: Date;
}

export interface IssueRequest {
  readonly commonName: string;
  readonly names: readonly AlternativeName[];
  readonly usage: 'server' | 'client';
  readonly days: number;
}

export interface AlternativeName {
  readonly type: 'dns' | 'ip' | 'url';
  readonly value: string;
}

/** A certificate authority that a pair of files holds. */
export interface Authority {
  readonly notAfter: Date;
  /** PEM with a newline at its end, so that it can be joined with others. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  /** The certificate ends with the authority's at the latest. */
  issue(request: IssueRequest, now: Date): Promise<IssuedKeyPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Clocks differ, and a gateway with a slow one shall connect as well. */
const CLOCK_SKEW_MS = 10 * 60_000;

/** Makes a new authority. Its name holds a random part: OpenSSL finds issuers by name, and old and new live together. */
export async function createAuthority(now: Date): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Sluice xDS CA ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
    notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authorityOf(certificate, keys.privateKey, await pemOf(keys.privateKey));
}

/**
 * The authority that was written before. Throws with a sentence where certificate and key are none of ours or do not
 * belong together.
 */
export async function loadAuthority(certificatePem: string, keyPem: string): Promise<Authority> {
  const own = new X509Certificate(certificatePem);
  if (!own.ca) throw new Error('the certificate is not that of an authority');
  if (!own.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('key and certificate differ');
  const bytes = x509.PemConverter.decodeFirst(keyPem);
  const privateKey = await crypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']);
  return authorityOf(new x509.X509Certificate(own.raw), privateKey, keyPem);
}

function authorityOf(
  certificate: x509.X509Certificate,
  privateKey: webcrypto.CryptoKey,
  key: string,
): Authority {
  return {
    notAfter: certificate.notAfter,
    certificate: `${certificate.toString('pem')}\n`,
    key,
    async issue({ commonName, names, usage, days }, now) {
      const keys = await generateKeys();
      const wanted = now.getTime() + days * DAY_MS;
      const notAfter = new Date(Math.min(wanted, certificate.notAfter.getTime()));
      const purpose = usage === 'server' ? 'serverAuth' : 'clientAuth';
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: [{ CN: [commonName.slice(0, 64)] }],
        issuer: certificate.subjectName,
        notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
        notAfter,
        publicKey: keys.publicKey,
        signingKey: privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[purpose]]),
          new x509.SubjectAlternativeNameExtension([...names]),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
          await x509.AuthorityKeyIdentifierExtension.create(certificate),
        ],
      });
      return { key: await pemOf(keys.privateKey), certificate: `${issued.toString('pem')}\n`, notAfter };
    },
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

/** Positive, as RFC 5280 asks for. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
