import type { LabelSelector } from '../../model/objects.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Why a selector is not valid, `undefined` where it is. Kubernetes leaves selectors of custom resources
 * unchecked: an unknown operator or a wrong number of values arrives here.
 */
export function labelSelectorProblem(selector: LabelSelector): string | undefined {
  for (const { key, operator, values } of selector.matchExpressions) {
    if (key === '') return 'a matchExpression has no key';
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) return `operator ${operator} on ${quote(key)} needs values`;
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) return `operator ${operator} on ${quote(key)} takes no values`;
        break;
      default:
        return `operator ${quote(operator)} on ${quote(key)} is unknown`;
    }
  }
  return undefined;
}

/** Whether a valid selector selects these labels. All parts must hold; an empty selector selects everything. */
export function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  for (const key of Object.keys(selector.matchLabels)) {
    if (labelOf(labels, key) !== selector.matchLabels[key]) return false;
  }
  return selector.matchExpressions.every(({ key, operator, values }) => {
    const value = labelOf(labels, key);
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        // As in Kubernetes: an object without the label is selected.
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Own properties only: a label named `constructor` is not found on every object. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
