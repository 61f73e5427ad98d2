/** Whether the text names exactly this resource, and not one whose name contains it. */
export function mentions(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text.slice(at + name.length);
    if (!/[\w.*/-]/.test(before) && !/^(?:[\w*/-]|\.\w)/.test(after)) return true;
  }
  return false;
}
