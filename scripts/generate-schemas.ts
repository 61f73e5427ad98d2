/**
 * Generates src/admission/gen/schemas.ts: what an API server checks an object against, of the kinds that Sluice reads, as
 * the Gateway API's CRDs (both channels) and Kubernetes' own OpenAPI documents say it. Descriptions are left out, and what
 * is said in several places stands once.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import type { SchemaNode } from '../src/admission/schema.ts';
import {
  type CrdChannel,
  GATEWAY_API_VERSION,
  gatewayApiCrds,
  KUBERNETES_VERSION,
  kubernetesOpenApi,
} from './kubernetes-assets.ts';

export const SCHEMAS_FILE = join(import.meta.dirname, '..', 'src/admission/gen/schemas.ts');

const PLURALS = [
  'gatewayclasses',
  'gateways',
  'listenersets',
  'tlsroutes',
  'httproutes',
  'grpcroutes',
  'tcproutes',
  'udproutes',
  'referencegrants',
];

const CORE = 'io.k8s.api.core.v1';
const NETWORKING = 'io.k8s.api.networking.v1';
/** By `apiVersion kind`. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'v1 Endpoints': `${CORE}.Endpoints`,
  'v1 Namespace': `${CORE}.Namespace`,
  'v1 Node': `${CORE}.Node`,
  'v1 Service': `${CORE}.Service`,
  'discovery.k8s.io/v1 EndpointSlice': 'io.k8s.api.discovery.v1.EndpointSlice',
  'networking.k8s.io/v1 Ingress': `${NETWORKING}.Ingress`,
  'networking.k8s.io/v1 IngressClass': `${NETWORKING}.IngressClass`,
};

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** Types that read more than their schema says. */
const OWN_DECODERS: Readonly<Record<string, SchemaNode>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {},
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': {},
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { intOrString: true },
};

interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: JsonSchema };
    }[];
  };
}

/** Keywords of a CRD that are taken over under their own name. */
const PLAIN = new Set([
  ...['type', 'required', 'enum', 'pattern', 'format', 'default', 'nullable'],
  ...[
    'minLength',
    'maxLength',
    'minimum',
    'maximum',
    'minItems',
    'maxItems',
    'minProperties',
    'maxProperties',
  ],
]);
/** Keywords that nothing is checked by. */
const SILENT = new Set(['description', 'x-kubernetes-map-type', 'title', 'example']);

/** Schemas by what they say: equal ones are one. */
class Nodes {
  readonly all: SchemaNode[] = [];
  readonly #known = new Map<string, number>();

  add(node: SchemaNode): number {
    const text = JSON.stringify(node);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.all.length);
    return this.all.push(node) - 1;
  }
}

class CrdSchemas {
  readonly #nodes: Nodes;
  readonly #metadata: number;

  constructor(nodes: Nodes, metadata: number) {
    this.#nodes = nodes;
    this.#metadata = metadata;
  }

  /** Of a whole object: a status is dropped when an object is created, whatever it says. */
  root(schema: JsonSchema): number {
    const properties = schema['properties'] as Record<string, JsonSchema>;
    const { metadata: _, status: __, ...rest } = properties;
    const node = this.#node({ ...schema, properties: rest });
    const all = { ...node.properties, metadata: this.#metadata, status: this.#nodes.add({}) };
    const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#nodes.add({ ...node, properties: Object.fromEntries(sorted) });
  }

  #add(schema: JsonSchema): number {
    return this.#nodes.add(this.#node(schema));
  }

  #node(schema: JsonSchema): SchemaNode {
    const node: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(schema)) {
      if (SILENT.has(keyword)) continue;
      if (PLAIN.has(keyword)) node[keyword] = value;
      else Object.assign(node, this.#translated(keyword, value, schema));
    }
    return node;
  }

  #translated(keyword: string, value: unknown, schema: JsonSchema): SchemaNode {
    switch (keyword) {
      case 'properties': {
        const entries = Object.entries(value as Record<string, JsonSchema>);
        return { properties: Object.fromEntries(entries.map(([name, of]) => [name, this.#add(of)])) };
      }
      case 'items':
        return { items: this.#add(value as JsonSchema) };
      case 'additionalProperties':
        return { values: this.#add(value as JsonSchema) };
      case 'oneOf':
      case 'anyOf':
        return { [keyword]: (value as JsonSchema[]).map((each) => this.#add(each)) };
      case 'not':
        return { not: this.#add(value as JsonSchema) };
      case 'x-kubernetes-list-type':
        return value === 'set' ? { isSet: true } : {};
      case 'x-kubernetes-list-map-keys':
        return schema['x-kubernetes-list-type'] === 'map' ? { listKeys: value as string[] } : {};
      case 'x-kubernetes-validations':
        return { rules: (value as JsonSchema[]).filter(isForNew).map(ruleOf) };
      default:
        throw new Error(`a CRD has the keyword ${keyword}, of which src/admission knows nothing`);
    }
  }
}

/** Rules that compare with what was there before say nothing of an object that is created. */
function isForNew({ rule }: JsonSchema): boolean {
  return !/\boldSelf\b/.test(String(rule));
}

function ruleOf({ rule, message, ...others }: JsonSchema): { rule: string; message: string } {
  const unknown = Object.keys(others).filter((keyword) => keyword !== 'reason');
  if (unknown.length > 0 || typeof message !== 'string')
    throw new Error(`a rule has ${unknown.join(', ') || 'no message'}, of which src/admission knows nothing`);
  return { rule: String(rule), message };
}

/** Types of Go, of which fields and their types are checked alone. */
class OpenApiSchemas {
  readonly #nodes: Nodes;
  readonly #schemas: Readonly<Record<string, JsonSchema>>;

  constructor(nodes: Nodes, schemas: Readonly<Record<string, JsonSchema>>) {
    this.#nodes = nodes;
    this.#schemas = schemas;
  }

  named(name: string): number {
    const schema = this.#schemas[name];
    if (schema === undefined) throw new Error(`Kubernetes' OpenAPI documents hold no ${name}`);
    return this.#nodes.add(OWN_DECODERS[name] ?? this.#node(schema));
  }

  #add(schema: JsonSchema): number {
    const [reference] = [schema, ...((schema['allOf'] as JsonSchema[] | undefined) ?? [])].flatMap(
      ({ $ref }) => (typeof $ref === 'string' ? [$ref.replace(/^.*\//, '')] : []),
    );
    return reference === undefined ? this.#nodes.add(this.#node(schema)) : this.named(reference);
  }

  #node({ type, format, properties, items, additionalProperties }: JsonSchema): SchemaNode {
    const fields = Object.entries((properties ?? {}) as Record<string, JsonSchema>);
    return {
      type: type as NonNullable<SchemaNode['type']>,
      ...(format !== undefined && { format: format as string }),
      ...(fields.length > 0 && {
        properties: Object.fromEntries(fields.map(([name, schema]) => [name, this.#add(schema)])),
      }),
      ...(items !== undefined && { items: this.#add(items as JsonSchema) }),
      ...(additionalProperties !== undefined && { values: this.#add(additionalProperties as JsonSchema) }),
    };
  }
}

/** The text of the generated file. Rejects with an `AssetError` where the CRDs cannot be had. */
export async function generateSchemas(): Promise<string> {
  const nodes = new Nodes();
  const builtIn = new OpenApiSchemas(nodes, await openApiSchemas());
  const roots = (names: Iterable<readonly [string, number]>) => Object.fromEntries([...names].sort());
  const crds = new CrdSchemas(nodes, builtIn.named(OBJECT_META));
  const body = [
    constant('BUILT_IN', roots(Object.entries(BUILT_IN).map(([kind, name]) => [kind, builtIn.named(name)]))),
    constant('STANDARD', roots(await channelRoots('standard', crds))),
    constant('EXPERIMENTAL', roots(await channelRoots('experimental', crds))),
    `export const NODES: readonly SchemaNode[] = [\n${nodes.all.map((node) => `${JSON.stringify(node)},\n`).join('')}];\n`,
  ].join('\n');
  return `${headerOf(body)}\n${body}`;
}

function constant(name: string, value: Readonly<Record<string, number>>): string {
  return `export const ${name}: Readonly<Record<string, number>> = ${JSON.stringify(value, undefined, 2)};\n`;
}

function headerOf(body: string): string {
  const digest = createHash('sha256').update(body).digest('hex');
  return [
    `// By "npm run generate" from the Gateway API ${GATEWAY_API_VERSION} and Kubernetes ${KUBERNETES_VERSION}. Not to be edited.`,
    `// SHA-256 of what follows the imports: ${digest}`,
    "import type { SchemaNode } from '../schema.ts';",
    '',
  ].join('\n');
}

/**
 * Whether a generated file is what was generated, and from the present versions. Says nothing of the CRDs themselves, which
 * are not on every machine: generate-schemas.test.ts does.
 */
export function isIntact(text: string): boolean {
  const end = "from '../schema.ts';\n\n";
  const body = text.slice(text.indexOf(end) + end.length);
  return text === `${headerOf(body)}\n${body}`;
}

/** Index of each served version, by `apiVersion kind`. */
async function channelRoots(channel: CrdChannel, schemas: CrdSchemas): Promise<[string, number][]> {
  const directory = await gatewayApiCrds(channel);
  const files = (await readdir(directory)).filter((file) =>
    PLURALS.some((name) => file.endsWith(`_${name}.yaml`)),
  );
  const roots: [string, number][] = [];
  for (const file of files.sort()) {
    const { spec } = parse(await readFile(join(directory, file), 'utf8')) as Crd;
    for (const { name, served, schema } of spec.versions)
      if (served)
        roots.push([`${spec.group}/${name} ${spec.names.kind}`, schemas.root(schema.openAPIV3Schema)]);
  }
  return roots;
}

async function openApiSchemas(): Promise<Readonly<Record<string, JsonSchema>>> {
  const directory = await kubernetesOpenApi();
  const all: Record<string, JsonSchema> = {};
  for (const file of (await readdir(directory)).sort()) {
    const document = JSON.parse(await readFile(join(directory, file), 'utf8')) as {
      components: { schemas: Record<string, JsonSchema> };
    };
    Object.assign(all, document.components.schemas);
  }
  return all;
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    await writeFile(SCHEMAS_FILE, await generateSchemas());
    process.stdout.write(`wrote ${relative(process.cwd(), SCHEMAS_FILE)}\n`);
  } else if (!isIntact(await readFile(SCHEMAS_FILE, 'utf8'))) {
    process.stderr.write('src/admission/gen is out of date, or was edited: run "npm run generate"\n');
    process.exitCode = 1;
  }
}
