/** Control groups of one run: everything else ends with its namespaces, these do not. */
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'sluice-node-test-';
/** Share of the processors, sixteen times the usual, in both versions. */
const WEIGHTS: Readonly<Record<string, string>> = { 'cpu.shares': '16384', 'cpu.weight': '1600' };
const UNIFIED_CONTROLLERS = '+cpu +cpuset +memory +pids';

/** Set by the outermost process, whose id nobody else has. */
const VARIABLE = 'SLUICE_NODE_TEST_CGROUP';

/** Name of this run's group, which every node's is in. */
export function cgroupName(): string {
  const name = process.env[VARIABLE];
  if (name === undefined) throw new Error('removeCgroupsAtEnd() has not been called');
  return name;
}

/** Version 2 has one hierarchy; of version 1 every controller has its own. */
function hierarchies(): string[] {
  if (existsSync(path.join(ROOT, 'cgroup.controllers'))) return [ROOT];
  return globSync(`${ROOT}/*/cgroup.procs`)
    .map((file) => path.dirname(file))
    .filter((directory) => !existsSync(path.join(directory, 'cgroup.controllers')));
}

/** Makes the group `name` (`run/node`, say) wherever there are controllers. Throws where the kernel refuses. */
export function makeCgroup(name: string): void {
  for (const hierarchy of hierarchies()) {
    let parent = hierarchy;
    for (const part of name.split('/')) {
      const directory = path.join(parent, part);
      if (hierarchy === ROOT) writeFileSync(path.join(parent, 'cgroup.subtree_control'), UNIFIED_CONTROLLERS);
      mkdirSync(directory, { recursive: true });
      // Else all nodes together would get as much of a busy machine as a single process beside them.
      for (const [file, weight] of Object.entries(WEIGHTS))
        if (existsSync(path.join(directory, file))) writeFileSync(path.join(directory, file), weight);
      // A new group of version 1 may use no processor until it is told which.
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        if (hierarchy !== ROOT && existsSync(path.join(directory, file)))
          writeFileSync(path.join(directory, file), readFileSync(path.join(parent, file)));
      }
      parent = directory;
    }
  }
}

/**
 * Names this run's group and removes it once this process has ended, however it does, with the groups of runs that have
 * ended before. To be called by the outermost process; a shell waits on a pipe that only that holds open.
 */
export function removeCgroupsAtEnd(): void {
  const name = `${PREFIX}${process.pid}`;
  process.env[VARIABLE] = name;
  const left = globSync(`${ROOT}/{,*/}${PREFIX}*`)
    .map((directory) => path.basename(directory))
    .filter((each) => !existsSync(`/proc/${each.slice(PREFIX.length)}`));
  const guard = spawn('/bin/sh', ['-c', REMOVE, 'guard', ...new Set([...left, name])], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.stdin?.on('error', () => {});
}

/** The kernel lets go of a group some time after its last process. */
const REMOVE = `
read -r _
tries=40
while [ $tries -gt 0 ]; do
  tries=$((tries - 1))
  left=no
  for name in "$@"; do
    for group in ${ROOT}/$name ${ROOT}/*/$name; do
      [ -d "$group" ] || continue
      find "$group" -depth -type d -exec rmdir {} \\; 2>/dev/null
      [ ! -d "$group" ] || left=yes
    done
  done
  [ $left = yes ] || exit 0
  sleep 0.25
done
`;
