import { beforeEach } from 'node:test';
import type { SubscriptionRequest } from './batch.ts';
import { Subscription } from './subscription.ts';
import { TestView } from './test-view.ts';

export const TYPE = 'type.googleapis.com/x';

/** One subscription to a snapshot of `a`, `b` and `c`, new in each test. */
export let view: TestView;
export let subscription: Subscription;

export function setUpEach(): void {
  beforeEach(() => {
    view = new TestView();
    view.put(TYPE, { a: '1', b: '1', c: '1' });
    subscription = new Subscription(() => view.slots(TYPE));
    view.onChange(({ upserts, removals }) => {
      for (const { name } of [...upserts, ...removals]) subscription.resourceChanged(name);
    });
  });
}

export function request(part: Partial<SubscriptionRequest>): void {
  subscription.request({ subscribe: [], unsubscribe: [], initialVersions: {}, ...part });
}
