import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { alternativeNames } from './alternative-names.ts';
import type { KeyMaterial } from './key-material.ts';

export interface MutualTlsOptions {
  readonly material: KeyMaterial;
  /** DNS names and URIs of which a client's certificate must have one as subject alternative name. */
  readonly allowedClients: readonly string[];
  /** A client whose certificate is good and whose names are not allowed. Called for each of its calls. */
  readonly onRefused?: (client: RefusedClient) => void;
}

export interface RefusedClient {
  readonly names: readonly string[];
  readonly peer: string;
}

/**
 * TLS 1.3 with client certificates. `update` changes what new connections get; those there are stay. Applies to every
 * service on the port: reflection and health tell nothing to strangers either.
 */
export class MutualTlsCredentials extends ServerCredentials {
  readonly #options: MutualTlsOptions;
  readonly #allowed: ReadonlySet<string>;

  constructor(options: MutualTlsOptions) {
    super({ requestCert: true, rejectUnauthorized: true }, contextOf(options.material));
    this.#options = options;
    this.#allowed = new Set(options.allowedClients.map(normalized));
  }

  update(material: KeyMaterial): void {
    this.updateSecureContextOptions(contextOf(material));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  override _getInterceptors(): ServerInterceptor[] {
    return [(_method, call) => this.#intercept(call)];
  }

  #intercept(call: ConstructorParameters<typeof ServerInterceptingCall>[0]): ServerInterceptingCall {
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const names = alternativeNames(call.getAuthContext().sslPeerCertificate?.subjectaltname);
            if (names.some((name) => this.#allowed.has(name))) return proceed(metadata);
            this.#options.onRefused?.({ names, peer: call.getPeer() });
            call.sendStatus({
              code: status.PERMISSION_DENIED,
              details: `SLUICE_XDS_CLIENT_NOT_ALLOWED: the client certificate is for ${namesText(names)}; issue one for an allowed name, or allow this one with --xds-allowed-client`,
            });
          },
        }),
    });
  }
}

function contextOf({ certificate, key, clientAuthority }: KeyMaterial): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ca: clientAuthority,
    minVersion: 'TLSv1.3',
    // A resumed session would not be asked for its certificate again, and an Envoy connects once.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** DNS names know no case; URIs, which have a colon, do. */
function normalized(name: string): string {
  return name.includes(':') ? name : name.toLowerCase();
}

function namesText(names: readonly string[]): string {
  const text = names.slice(0, 3).join(', ').slice(0, 200);
  return text === '' ? 'no DNS name or URI' : text;
}
