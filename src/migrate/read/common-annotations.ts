import { POLICY_ANNOTATIONS } from '../../model/annotations.ts';
import { INGRESS_CLASS_ANNOTATION } from '../../model/names.ts';
import type { Meaning } from '../old-route.ts';

/** Written by tools for themselves: of no meaning to any controller. */
const OF_TOOLS =
  /^(?:kubectl\.kubernetes\.io|meta\.helm\.sh|helm\.sh|argocd\.argoproj\.io|[a-z.]*fluxcd\.io|field\.cattle\.io|config\.kubernetes\.io|objectset\.rio\.cattle\.io)\//;

const EXTERNAL_DNS = /^external-dns\.(?:alpha\.)?kubernetes\.io\/(.+)$/;

const CARRIED: ReadonlySet<string> = new Set(
  Object.values(POLICY_ANNOTATIONS)
    .filter(({ kinds }) => kinds.includes('TLSRoute'))
    .map(({ name }) => name),
);

/** What an annotation means that every controller leaves to somebody else; `undefined` for any other. `''` as the text: not worth telling. */
export function commonAnnotation(name: string): Meaning | undefined {
  if (OF_TOOLS.test(name)) return { fate: 'lost', matters: 'no', text: '' };
  if (name === INGRESS_CLASS_ANNOTATION)
    return { fate: 'replaced', matters: 'no', text: 'The parentRef of the TLSRoute names the Gateway.' };
  if (CARRIED.has(name)) return { fate: 'carried', matters: 'no', text: 'It is on the TLSRoute.' };
  const [, dns] = EXTERNAL_DNS.exec(name) ?? [];
  // On the old object it may be there because its hosts have moved: on the TLSRoute it would take them out of DNS.
  if (dns === 'controller')
    return {
      fate: 'replaced',
      matters: 'some',
      text: 'It says whose the records of the old object are. Whether external-dns publishes those of the TLSRoute is said by --dns.',
    };
  if (dns === 'target')
    return {
      fate: 'lost',
      matters: 'some',
      text: 'external-dns takes the target of a TLSRoute from its Gateway: write it there, for all of its hosts.',
    };
  if (dns === 'set-identifier' || dns?.endsWith('-weight'))
    return {
      fate: 'lost',
      matters: 'some',
      text: 'Two objects of one identifier would overwrite each other in DNS: give the TLSRoute an identifier and a weight of its own.',
    };
  if (dns !== undefined)
    return { fate: 'carried', matters: 'no', text: 'It is on the TLSRoute, where external-dns reads it.' };
  if (/^(?:[a-z.]*cert-manager\.io\/|kubernetes\.io\/tls-acme$)/.test(name))
    return {
      fate: 'lost',
      matters: 'some',
      text: 'cert-manager makes no certificate for a TLSRoute. If the backend mounts the Secret of spec.tls, write a Certificate before the old object goes.',
    };
  return undefined;
}

/** Of an annotation that nobody here knows. */
export const UNKNOWN: Meaning = {
  fate: 'lost',
  matters: 'some',
  text: 'Sluice does not know it; whoever wrote it knows whether it is missed.',
};
