import { type DemandForm, type EncodedResource, FORM_ENDING } from '../../snapshot/resources/resource.ts';

/**
 * Which listeners one Envoy has in a form of its own (`DemandForms`). One that it had while its window was open keeps the filter
 * chains of that form for as long as Envoy has the listener: connections may run through them.
 */
export class ListenerForms {
  readonly #forms = new Map<string, DemandForm>();

  /** What is sent for a listener; `hosts`: the only ones that are waited for while the window is open. */
  choose(listener: EncodedResource, isOpen: boolean, hosts?: readonly string[]): EncodedResource {
    const { name, demand } = listener;
    const form = isOpen ? (hosts ? 'named' : 'open') : this.#forms.has(name) ? 'closed' : undefined;
    if (demand === undefined || form === undefined) {
      this.#forms.delete(name);
      return listener;
    }
    this.#forms.set(name, form);
    return form === 'named' ? demand.named(hosts ?? []) : demand[form];
  }

  /** Takes from what an Envoy says it has which form of it that is; what is left are versions of listeners. */
  *read(versions: Iterable<readonly [name: string, version: string]>): Iterable<readonly [string, string]> {
    for (const [name, version] of versions) {
      const form = formOf(version);
      if (form !== undefined) this.#forms.set(name, form);
      yield [name, form === undefined ? version : version.slice(0, -FORM_ENDING[form].length)];
    }
  }

  /** Those that are as they are while the window is open. */
  open(): string[] {
    return [...this.#forms].flatMap(([name, form]) => (form === 'closed' ? [] : [name]));
  }

  removed(names: readonly string[]): void {
    for (const name of names) this.#forms.delete(name);
  }
}

function formOf(version: string): DemandForm | undefined {
  const forms = Object.keys(FORM_ENDING) as DemandForm[];
  return forms.find((form) => version.endsWith(FORM_ENDING[form]));
}
