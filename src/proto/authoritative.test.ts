/**
 * Holds every message, field, enum value and method of our .proto files against Envoy's own, as `@grpc/grpc-js-xds`
 * ships them.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { NEWER_THAN_THE_COPY } from '../../test/proto/newer-fields.ts';
import { protoDirectory } from './message-type.ts';

const PACKAGES = path.join(import.meta.dirname, '../../node_modules');
const COPIES = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) =>
  path.join(PACKAGES, '@grpc/grpc-js-xds/deps', name),
);
/** Has the google/protobuf/descriptor.proto that the options in Envoy's files extend. */
const PROTOBUFJS = path.join(PACKAGES, 'protobufjs');

const ourFiles = globSync('**/*.proto', { cwd: protoDirectory() }).sort();
const ours = load([protoDirectory()], ourFiles);
// A package may be spread over other files than ours is.
const folders = new Set(ourFiles.map((file) => path.dirname(file)));
const theirFiles = COPIES.flatMap((copy) =>
  [...folders].flatMap((folder) => globSync(`${folder}/*.proto`, { cwd: copy })),
);
const theirs = load(COPIES, theirFiles);

function load(directories: readonly string[], files: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const candidates = [...directories, PROTOBUFJS].map((directory) => path.join(directory, target));
    // What is in none of them is built into protobufjs.
    return candidates.find(existsSync) ?? target;
  };
  return root.loadSync([...files], { keepCase: true }).resolveAll() as protobuf.Root;
}

function parse(source: string): protobuf.Root {
  return protobuf
    .parse(`syntax = "proto3"; ${source}`, { keepCase: true })
    .root.resolveAll() as protobuf.Root;
}

/** All that has a meaning on the wire or in JSON: full name → declaration. Left out: what is Google's or our own. */
function declarations(root: protobuf.Root): Map<string, string> {
  const found = new Map<string, string>();
  const declare = (object: protobuf.ReflectionObject, declaration: string) =>
    found.set(nameOf(object), declaration);
  const visit = (object: protobuf.ReflectionObject) => {
    if (['.google.protobuf', '.sluice'].includes(object.fullName)) return;
    if (object instanceof protobuf.Type) {
      declare(object, 'message');
      for (const field of object.fieldsArray) declare(field, fieldDeclaration(field));
    } else if (object instanceof protobuf.Enum) {
      declare(object, 'enum');
      for (const [name, number] of Object.entries(object.values)) {
        found.set(`${nameOf(object)}.${name}`, String(number));
      }
    } else if (object instanceof protobuf.Service) {
      declare(object, 'service');
      for (const method of object.methodsArray) declare(method, methodDeclaration(method));
    }
    if (object instanceof protobuf.Namespace) object.nestedArray.forEach(visit);
  };
  visit(root);
  return found;
}

/** `5 repeated envoy.config.core.v3.Address`, `3 uint32 in oneof port_specifier`. */
function fieldDeclaration(field: protobuf.Field): string {
  const type = field.resolvedType === null ? field.type : nameOf(field.resolvedType);
  const whole = field instanceof protobuf.MapField ? `map<${field.keyType}, ${type}>` : type;
  const oneof = field.partOf === null ? '' : ` in oneof ${field.partOf.name}`;
  return `${field.id} ${field.repeated ? 'repeated ' : ''}${whole}${oneof}`;
}

function methodDeclaration(method: protobuf.Method): string {
  const { requestStream, resolvedRequestType, responseStream, resolvedResponseType } = method;
  const side = (stream: boolean | undefined, type: protobuf.Type | null) =>
    `${stream ? 'stream ' : ''}${type === null ? '?' : nameOf(type)}`;
  return `${side(requestStream, resolvedRequestType)} → ${side(responseStream, resolvedResponseType)}`;
}

function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}

/** What `own` declares and `other` has not or has otherwise. */
function differences(own: protobuf.Root, other: protobuf.Root): Record<string, string> {
  const expected = declarations(other);
  const different = [...declarations(own)].filter(
    ([name, declaration]) => expected.has(name) && expected.get(name) !== declaration,
  );
  return Object.fromEntries(
    different.map(([name, declaration]) => [name, `${declaration}, not ${expected.get(name)}`]),
  );
}

function missing(own: protobuf.Root, other: protobuf.Root): Record<string, string> {
  const expected = declarations(other);
  return Object.fromEntries([...declarations(own)].filter(([name]) => !expected.has(name)));
}

test('what we declare is declared in the same way by Envoy', () => {
  assert.deepEqual(differences(ours, theirs), {});
  assert.ok(declarations(ours).size > 200, `only ${declarations(ours).size} declarations`);
});

test('Envoy declares all of it, but for what is too new for the copy and therefore listed', () => {
  assert.deepEqual(missing(ours, theirs), NEWER_THAN_THE_COPY);
});

test('our framing of a response differs from it in nothing but resources that are encoded already', () => {
  const fieldsOf = (name: string) =>
    Object.fromEntries(
      ours.lookupType(name).fieldsArray.map((field) => [field.name, fieldDeclaration(field)]),
    );
  assert.deepEqual(fieldsOf('sluice.discovery.v1.FramedDeltaDiscoveryResponse'), {
    ...fieldsOf('envoy.service.discovery.v3.DeltaDiscoveryResponse'),
    resources: '2 repeated bytes',
  });
});

test('every way to declare something wrongly is noticed', () => {
  const right = parse(`package p;
    message M { string a = 1; repeated string b = 2; map<string, N> c = 3; oneof o { N d = 4; } N e = 5; }
    message N {}
    message L {}
    enum E { ZERO = 0; ONE = 1; }
    service S { rpc Call(stream M) returns (stream N); }`);
  const wrong = parse(`package p;
    message M { string a = 6; string b = 2; map<string, L> c = 3; N d = 4; oneof o { L e = 5; } string f = 7; }
    message N {}
    message L {}
    enum E { ZERO = 0; ONE = 2; }
    service S { rpc Call(M) returns (stream N); }
    message Unknown {}`);
  assert.deepEqual(differences(right, right), {});
  assert.deepEqual(differences(wrong, right), {
    'p.M.a': '6 string, not 1 string',
    'p.M.b': '2 string, not 2 repeated string',
    'p.M.c': '3 map<string, p.L>, not 3 map<string, p.N>',
    'p.M.d': '4 p.N, not 4 p.N in oneof o',
    'p.M.e': '5 p.L in oneof o, not 5 p.N',
    'p.E.ONE': '2, not 1',
    'p.S.Call': 'p.M → stream p.N, not stream p.M → stream p.N',
  });
  assert.deepEqual(missing(wrong, right), { 'p.M.f': '7 string', 'p.Unknown': 'message' });
});
