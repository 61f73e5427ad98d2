import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Paths of PEM files. */
export interface TlsPaths {
  /** The server's certificate, followed by intermediate ones where there are any. */
  readonly certificate: string;
  readonly key: string;
  /** The authorities whose client certificates are accepted. */
  readonly clientAuthority: string;
}

/** What was in the files when they fitted together. */
export interface KeyMaterial {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly clientAuthority: Buffer;
  /** When the server's certificate expires. */
  readonly notAfter: Date;
  /** Hexadecimal, as `openssl x509 -serial` prints it. */
  readonly serialNumber: string;
}

/** The files cannot be read (`code` of the system), or what they hold cannot be served with. */
export class KeyMaterialError extends Error {
  readonly isUnreadable: boolean;

  constructor(message: string, isUnreadable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyMaterialError';
    this.isUnreadable = isUnreadable;
  }
}

/** Reads the three files. Rejects with a `KeyMaterialError` unless they can be served with. */
export async function readKeyMaterial(paths: TlsPaths): Promise<KeyMaterial> {
  const [certificate, key, clientAuthority] = await Promise.all([
    read(paths.certificate),
    read(paths.key),
    read(paths.clientAuthority),
  ]);
  const leaf = parsed(paths.certificate, 'certificate', () => new X509Certificate(certificate));
  const privateKey = parsed(paths.key, 'private key', () => createPrivateKey(key));
  // While two files are being replaced, one is new and the other old.
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new KeyMaterialError(
      `${paths.key} is not the key of the certificate in ${paths.certificate}`,
      false,
    );
  }
  parsed(paths.clientAuthority, 'certificate', () => new X509Certificate(clientAuthority));
  parsed(paths.certificate, 'certificate chain that OpenSSL takes', () =>
    createSecureContext({ cert: certificate, key, ca: clientAuthority }),
  );
  return {
    certificate,
    key,
    clientAuthority,
    notAfter: leaf.validToDate,
    serialNumber: leaf.serialNumber,
  };
}

export function isSameMaterial(a: KeyMaterial, b: KeyMaterial): boolean {
  return (
    a.certificate.equals(b.certificate) && a.key.equals(b.key) && a.clientAuthority.equals(b.clientAuthority)
  );
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new KeyMaterialError(`${path} cannot be read (${messageOf(cause)})`, true, { cause });
  }
}

function parsed<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new KeyMaterialError(`${path} holds no PEM ${what} (${messageOf(cause)})`, false, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
