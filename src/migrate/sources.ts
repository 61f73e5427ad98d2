import { fieldsOf, listOf, numberOf, type RawObject, textOf } from './raw-object.ts';

/** The kinds that a migration reads. */
export const MIGRATED_KINDS: readonly {
  readonly group: string;
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
}[] = [
  { group: 'networking.k8s.io', versions: ['v1'], kind: 'IngressClass', plural: 'ingressclasses' },
  { group: 'networking.k8s.io', versions: ['v1'], kind: 'Ingress', plural: 'ingresses' },
  { group: 'traefik.io', versions: ['v1alpha1'], kind: 'IngressRouteTCP', plural: 'ingressroutetcps' },
  {
    group: 'traefik.containo.us',
    versions: ['v1alpha1'],
    kind: 'IngressRouteTCP',
    plural: 'ingressroutetcps',
  },
  { group: 'projectcontour.io', versions: ['v1'], kind: 'HTTPProxy', plural: 'httpproxies' },
  {
    group: 'gateway.networking.k8s.io',
    versions: ['v1', 'v1alpha3', 'v1alpha2'],
    kind: 'TLSRoute',
    plural: 'tlsroutes',
  },
  { group: 'gateway.networking.k8s.io', versions: ['v1'], kind: 'Gateway', plural: 'gateways' },
  { group: '', versions: ['v1'], kind: 'Service', plural: 'services' },
  { group: '', versions: ['v1'], kind: 'Endpoints', plural: 'endpoints' },
  { group: '', versions: ['v1'], kind: 'Namespace', plural: 'namespaces' },
];

/** TLSRoutes of a version before v1, kept apart from those that they became. */
export const OLD_TLS_ROUTE = 'TLSRoute before v1';

/** What is to be migrated, to be looked up by kind and name. An object that is there twice counts as it was first. */
export class Sources {
  readonly #kinds = new Map<string, Map<string, RawObject>>();
  /** Objects that are there more than once. */
  readonly repeated: RawObject[] = [];

  constructor(objects: Iterable<RawObject>) {
    for (const object of objects) this.#add(object);
  }

  #add(object: RawObject): void {
    const isOld = object.kind === 'TLSRoute' && !object.apiVersion.endsWith('/v1');
    const name = isOld ? OLD_TLS_ROUTE : object.kind;
    const kind = this.#kinds.get(name) ?? new Map<string, RawObject>();
    this.#kinds.set(name, kind);
    const key = `${object.namespace}/${object.name}`;
    if (kind.has(key)) this.repeated.push(object);
    else kind.set(key, object);
  }

  all(kind: string): Iterable<RawObject> {
    return this.#kinds.get(kind)?.values() ?? [];
  }

  get(kind: string, namespace: string, name: string): RawObject | undefined {
    return this.#kinds.get(kind)?.get(`${namespace}/${name}`);
  }

  /** Whether there is any: of a kind that was not read, nothing is known. */
  has(kind: string): boolean {
    return this.#kinds.has(kind);
  }

  /** The controller of an IngressClass; of the default one where no class is named. */
  classController(name: string | undefined): string | undefined {
    const found =
      name === undefined
        ? [...this.all('IngressClass')].find(
            ({ annotations }) => annotations['ingressclass.kubernetes.io/is-default-class'] === 'true',
          )
        : this.get('IngressClass', '', name);
    return textOf(fieldsOf(found?.fields['spec'])['controller']);
  }

  /** The number of a Service's port; `undefined` where the Service has none of that name or number. */
  portOf(service: RawObject, port: number | string): number | undefined {
    const ports = listOf(fieldsOf(service.fields['spec'])['ports']);
    const found = ports.find((each) => each['port'] === port || each['name'] === port);
    return numberOf(found?.['port']);
  }
}
