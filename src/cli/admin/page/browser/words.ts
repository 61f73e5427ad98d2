/** Numbers and times in words. Pure. */

/** `4.2 ms`, `1.3 s`, `5 min`, `3 h`, `12 d`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}

/** Since a time in ISO 8601. */
export function age(since: string, now = Date.now()): string {
  return duration(Math.max(0, now - Date.parse(since)));
}

/** Time of day. */
export function clock(at: Date): string {
  return at.toLocaleTimeString(undefined, { hour12: false });
}

/** `1 node`, `3 nodes`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** Some of many: `a, b and 7 more`. */
export function listed(names: readonly string[], total = names.length, most = 3): string {
  const shown = names.slice(0, most);
  const more = total - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more.toLocaleString('en')} more` : shown.join(', ');
}

/** The value below which the share lies; `undefined` of nothing. */
export function quantile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
