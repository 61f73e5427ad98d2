/** Where the page is, below the admin address. */
export const PAGE_PATH = '/ui/';

/** Whether a path is the page itself or one of its files, which say nothing of what Sluice serves. */
export function isPageFile(path: string): boolean {
  return path.startsWith(PAGE_PATH) || path === PAGE_PATH.slice(0, -1);
}
