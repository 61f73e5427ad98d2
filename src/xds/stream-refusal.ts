/** Why a stream is closed by us: the code is stable and documented in docs/errors.md. */
export class StreamRefusal extends Error {
  readonly code: string;
  readonly status: 'INVALID_ARGUMENT' | 'RESOURCE_EXHAUSTED';

  constructor(code: string, status: StreamRefusal['status'], message: string) {
    super(`${code}: ${message}`);
    this.code = code;
    this.status = status;
  }
}
