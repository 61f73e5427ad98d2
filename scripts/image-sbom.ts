/** What an image is made of, as CycloneDX 1.6 JSON: the same text for the same content, so without times and serial numbers. */
import type { LockedPackage } from './image-application.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  /** https://github.com/package-url/purl-spec */
  readonly purl: string;
  /** SPDX expression. */
  readonly license?: string;
  /** Hexadecimal. */
  readonly sha256?: string;
  readonly sha512?: string;
  /** The purls of those that it needs. */
  readonly dependencies: readonly string[];
}

/** The packages of the lock file, each of a version once, with what each needs. */
export function npmComponents(packages: readonly LockedPackage[]): readonly Component[] {
  const byPath = new Map(packages.map((each) => [each.path, each]));
  const components = new Map<string, Component>();
  for (const { path, name, version, license, integrity, dependencies } of packages) {
    const purl = npmPurl(name, version);
    if (components.has(purl)) continue;
    const needed = dependencies
      .map((dependency) => resolve(path, dependency, byPath))
      .filter((each) => each !== undefined)
      .map((each) => npmPurl(each.name, each.version));
    components.set(purl, {
      name,
      version,
      purl,
      dependencies: needed,
      ...(license !== undefined && { license }),
      ...(integrity?.startsWith('sha512-') && {
        sha512: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
      }),
    });
  }
  return [...components.values()];
}

export function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}

/** As Node.js looks for a package: in the folder itself, then in those above it. */
function resolve(
  from: string,
  name: string,
  byPath: ReadonlyMap<string, LockedPackage>,
): LockedPackage | undefined {
  for (let path = from; ; ) {
    const found = byPath.get(`${path === '' ? '' : `${path}/`}node_modules/${name}`);
    if (found !== undefined || path === '') return found;
    const above = path.lastIndexOf('/node_modules/');
    path = above === -1 ? '' : path.slice(0, above);
  }
}

/** The document. `root` is the program that the image is for. */
export function sbom(root: Component, components: readonly Component[]): string {
  const sorted = [...components].sort((a, b) => (a.purl < b.purl ? -1 : 1));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: describe(root, 'application') },
    components: sorted.map((each) => describe(each, 'library')),
    dependencies: [root, ...sorted].map(({ purl, dependencies }) => ({
      ref: purl,
      dependsOn: [...new Set(dependencies)].sort(),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function describe({ name, version, purl, license, sha256, sha512 }: Component, type: string): object {
  const hashes = [
    ...(sha256 === undefined ? [] : [{ alg: 'SHA-256', content: sha256 }]),
    ...(sha512 === undefined ? [] : [{ alg: 'SHA-512', content: sha512 }]),
  ];
  return {
    type,
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    ...(hashes.length > 0 && { hashes }),
  };
}
