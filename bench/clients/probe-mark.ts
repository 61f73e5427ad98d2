/** The beginning of the random bytes of a probe's ClientHello (RFC 8446 section 4.1.2). */
export const PROBE_MARK = Buffer.from('sluice-bench');
/** Behind the headers of record and handshake message, and the version. */
export const PROBE_MARK_OFFSET = 11;
