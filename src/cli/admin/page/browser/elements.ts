/** Elements of the page, made of text alone: nothing that a tenant wrote is ever markup. */

type Child = Node | string;

/** `h('td', { class: 'odd' }, 'text')`. Attributes that are `undefined` are left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element with that id; the document has it. */
export function byId<Element extends HTMLElement = HTMLElement>(id: string): Element {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element ${id}`);
  return element as Element;
}

/** A cell: its text, and how good that is. */
export type Cell = string | { readonly text: string; readonly tone?: Tone; readonly isNumber?: boolean };

/** `good`, `odd` (look at it), `bad` (act). Always said in words too: colours are not seen by all. */
export type Tone = 'good' | 'odd' | 'bad';

/** Rows of a table's body, the first cell of each a header. */
export function rows(cells: readonly (readonly Cell[])[]): readonly HTMLTableRowElement[] {
  return cells.map((row) =>
    h(
      'tr',
      {},
      ...row.map((cell, index) => {
        const { text, tone, isNumber } = typeof cell === 'string' ? { text: cell } : cell;
        const kind = isNumber === true ? 'number' : undefined;
        const classes = [tone, kind].filter((each) => each !== undefined).join(' ');
        return h(
          index === 0 ? 'th' : 'td',
          {
            scope: index === 0 ? 'row' : undefined,
            class: classes === '' ? undefined : classes,
          },
          text,
        );
      }),
    ),
  );
}

/** Says something once to a screen reader, and shows nothing. */
export function announce(text: string): void {
  byId('announcer').textContent = text;
}
