import { copyFile, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { CrdChannel } from '../../scripts/kubernetes-assets.ts';
import { projectVersion } from './suite.ts';

/**
 * Keeps the suite's report, unchanged, under the name that the Gateway API project asks for: "<API
 * Channel>-<Implementation version>-<mode>-report.yaml". Returns where.
 */
export async function keepReport(report: string, directory: string, channel: CrdChannel): Promise<string> {
  await mkdir(directory, { recursive: true });
  const target = path.join(directory, `${channel}-${projectVersion()}-default-report.yaml`);
  await copyFile(report, `${target}.new`);
  await rename(`${target}.new`, target);
  return target;
}
