import type { Expression } from './expression.ts';
import type { Template } from './template.ts';

/** The kind of a tenant object, as the API serves it. */
export interface TenantKind {
  readonly group: string;
  /** Best first. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
}

export interface ParentTemplate {
  /** `undefined`: the tenant's own namespace. */
  readonly namespace: Template | undefined;
  readonly name: Template;
  readonly sectionName: Template | undefined;
}

/** One port of a tenant, with a TLSRoute of its own. */
export interface PortMapping {
  /** Of the Service's port. */
  readonly name: string;
  /** Whether the tenant has it; `undefined`: always. */
  readonly when: Expression | undefined;
  /** Where the endpoint listens; `undefined`, or absent: the endpoint's own port for the first, else `servicePort`. */
  readonly port: Expression | undefined;
  readonly servicePort: number;
  readonly hosts: readonly Template[];
  /** Name of the TLSRoute. */
  readonly route: Template;
  /** At least one. */
  readonly parentRefs: readonly ParentTemplate[];
}

export type AnnotationTemplates = ReadonlyMap<string, Template>;

/** How objects of one kind become Service, EndpointSlices and TLSRoutes. */
export interface TenantMapping {
  /** Value of the label of all that is made by it. */
  readonly name: string;
  readonly watch: TenantKind;
  /** Whether an object is exposed at all; `undefined`: each. */
  readonly when: Expression | undefined;
  /** A host, `host:port`, a URL, `{host, port}`, or a list of those. */
  readonly endpoint: Expression;
  /** Name of the Service. */
  readonly service: Template;
  /** At least one. */
  readonly ports: readonly PortMapping[];
  readonly serviceAnnotations: AnnotationTemplates;
  readonly routeAnnotations: AnnotationTemplates;
  /** Whether the kind has `status.conditions`, behind the subresource `status`. */
  readonly conditions: boolean;
  /** What `{domain}` stands for, in which all host names must be; `''`: none is given, and any will do. */
  readonly domain: string;
}
