import path from 'node:path';
import { Child } from '../processes/child.ts';

export interface ConnectionsRequest {
  readonly idle: number;
  /** Each sends a request a second. */
  readonly talking: number;
  /** Numbers of tenants, over which the connections are spread. */
  readonly hosts: readonly number[];
}

export interface ConnectionsReport {
  readonly open: number;
  /** Closed by anybody but us. */
  readonly dropped: number;
  /** Requests without an answer. */
  readonly errors: number;
  readonly answers: number;
}

/** TLS connections through Envoy, held by a process of their own. */
export class Connections implements AsyncDisposable {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Resolves when all are open. */
  static async open(request: ConnectionsRequest): Promise<Connections> {
    const child = new Child(path.join(import.meta.dirname, 'connections-process.ts'), []);
    await child.receive();
    await child.ask<ConnectionsReport>(request);
    return new Connections(child);
  }

  async report(): Promise<ConnectionsReport> {
    return await this.#child.ask<ConnectionsReport>({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
