import { parse } from 'yaml';
import { type Expression, readExpression } from './expression.ts';
import type {
  AnnotationTemplates,
  ParentTemplate,
  PortMapping,
  TenantKind,
  TenantMapping,
} from './mapping.ts';
import { readTemplate, type Template } from './template.ts';

export interface MappingSettings {
  /** `''`: none. */
  readonly domain: string;
  /** The parent of routes where the mapping names none. */
  readonly gateway: GatewayName | undefined;
}

export interface GatewayName {
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string | undefined;
}

/** Something wrong with a mapping; the message begins with the path of the field. */
export class MappingError extends Error {}

type Fields = Readonly<Record<string, unknown>>;

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PORT_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Reads the YAML of one mapping. Throws a `MappingError` for the first thing that is wrong. */
export function readMapping(text: string, settings: MappingSettings): TenantMapping {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new MappingError(`no YAML: ${messageOf(error)}`);
  }
  const fields = fieldsOf(content, 'the mapping', [
    'name',
    'watch',
    'when',
    'endpoint',
    'service',
    'ports',
    'parentRefs',
    'annotations',
    'conditions',
  ]);
  const annotations = fieldsOf(fields['annotations'] ?? {}, 'annotations', ['service', 'route']);
  const ports = listOf(fields['ports'], 'ports').map((each, index) =>
    readPort(each, `ports[${index}]`, fields['parentRefs'], settings),
  );
  const [doubled] = ports.filter(({ name }, index) => ports.findIndex((each) => each.name === name) < index);
  if (doubled !== undefined) throw new MappingError(`ports: ${doubled.name} is there twice`);
  return {
    name: matching(fields['name'], 'name', LABEL),
    watch: readWatch(fields['watch']),
    when: optional(fields['when'], 'when', expression),
    endpoint: expression(fields['endpoint'], 'endpoint'),
    service: template(fields['service'], 'service'),
    ports,
    serviceAnnotations: readAnnotations(annotations['service'], 'annotations.service'),
    routeAnnotations: readAnnotations(annotations['route'], 'annotations.route'),
    conditions: optional(fields['conditions'], 'conditions', bool) ?? true,
    domain: settings.domain,
  };
}

function readWatch(content: unknown): TenantKind {
  const fields = fieldsOf(content, 'watch', ['group', 'versions', 'kind', 'plural']);
  return {
    group: matching(fields['group'], 'watch.group', /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/),
    versions: listOf(fields['versions'], 'watch.versions').map((each, index) =>
      matching(each, `watch.versions[${index}]`, /^v[0-9]+((alpha|beta)[0-9]+)?$/),
    ),
    kind: matching(fields['kind'], 'watch.kind', /^[A-Z][A-Za-z0-9]{0,62}$/),
    plural: matching(fields['plural'], 'watch.plural', LABEL),
  };
}

function readPort(content: unknown, path: string, parents: unknown, settings: MappingSettings): PortMapping {
  const fields = fieldsOf(content, path, [
    'name',
    'when',
    'port',
    'servicePort',
    'hosts',
    'route',
    'parentRefs',
  ]);
  const given = fields['port'];
  const servicePort = fields['servicePort'];
  if (
    typeof servicePort !== 'number' ||
    !Number.isInteger(servicePort) ||
    servicePort < 1 ||
    servicePort > 65_535
  )
    throw new MappingError(`${path}.servicePort: not a port; write a number from 1 to 65535`);
  return {
    name: matching(fields['name'], `${path}.name`, PORT_NAME),
    when: optional(fields['when'], `${path}.when`, expression),
    port: optional(typeof given === 'number' ? String(given) : given, `${path}.port`, expression),
    servicePort,
    hosts: listOf(fields['hosts'], `${path}.hosts`).map((each, index) =>
      hostTemplate(each, `${path}.hosts[${index}]`, settings),
    ),
    route: template(fields['route'], `${path}.route`),
    parentRefs: readParents(fields['parentRefs'] ?? parents, `${path}.parentRefs`, settings.gateway),
  };
}

function hostTemplate(content: unknown, path: string, { domain }: MappingSettings): Template {
  if (typeof content === 'string' && /\{\s*domain\s*\}/.test(content) && domain === '')
    throw new MappingError(`${path}: ${content} needs a domain; give --domain`);
  return template(content, path);
}

function readParents(
  content: unknown,
  path: string,
  gateway: GatewayName | undefined,
): readonly ParentTemplate[] {
  if (content === undefined) {
    if (gateway === undefined)
      throw new MappingError(
        `${path}: no Gateway is named; give --gateway NAMESPACE/NAME, or parentRefs here`,
      );
    const { namespace, name, sectionName } = gateway;
    return [
      {
        namespace: readTemplate(namespace),
        name: readTemplate(name),
        sectionName: sectionName === undefined ? undefined : readTemplate(sectionName),
      },
    ];
  }
  return listOf(content, path).map((each, index) => {
    const at = `${path}[${index}]`;
    const fields = fieldsOf(each, at, ['namespace', 'name', 'sectionName']);
    return {
      namespace: optional(fields['namespace'], `${at}.namespace`, template),
      name: template(fields['name'], `${at}.name`),
      sectionName: optional(fields['sectionName'], `${at}.sectionName`, template),
    };
  });
}

function readAnnotations(content: unknown, path: string): AnnotationTemplates {
  if (content === undefined) return new Map();
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new MappingError(`${path}: not a map of names to texts`);
  return new Map(Object.entries(content).map(([name, value]) => [name, template(value, `${path}.${name}`)]));
}

function fieldsOf(content: unknown, path: string, known: readonly string[]): Fields {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new MappingError(`${path}: not a map`);
  const [stranger] = Object.keys(content).filter((key) => !known.includes(key));
  if (stranger !== undefined)
    throw new MappingError(`${path}: there is no field ${stranger}; there are ${known.join(', ')}`);
  return content as Fields;
}

function listOf(content: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(content) || content.length === 0)
    throw new MappingError(`${path}: not a list of at least one`);
  return content;
}

function matching(content: unknown, path: string, pattern: RegExp): string {
  if (typeof content === 'string' && pattern.test(content)) return content;
  throw new MappingError(`${path}: ${JSON.stringify(content) ?? 'missing'} does not match ${pattern.source}`);
}

function optional<T>(
  content: unknown,
  path: string,
  read: (content: unknown, path: string) => T,
): T | undefined {
  return content === undefined || content === null ? undefined : read(content, path);
}

function bool(content: unknown, path: string): boolean {
  if (typeof content === 'boolean') return content;
  throw new MappingError(`${path}: neither true nor false`);
}

function expression(content: unknown, path: string): Expression {
  return reading(content, path, readExpression);
}

function template(content: unknown, path: string): Template {
  return reading(content, path, readTemplate);
}

function reading<T>(content: unknown, path: string, read: (text: string) => T): T {
  if (typeof content !== 'string' || content.trim() === '')
    throw new MappingError(`${path}: a text is missing`);
  try {
    return read(content);
  } catch (error) {
    throw new MappingError(`${path}: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
