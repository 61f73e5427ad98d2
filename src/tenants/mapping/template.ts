import { type Evaluated, type Expression, readExpression, type TenantVariables } from './expression.ts';

/** Text with expressions in braces: `{name}-cp.{domain}`. Gives text, or what the first expression without a value gave. */
export type Template = (variables: TenantVariables) => Exclude<Evaluated, { type: 'value' }> | TemplateText;

export interface TemplateText {
  readonly type: 'text';
  readonly text: string;
}

/** Throws an `Error` that says what is wrong with the text. */
export function readTemplate(text: string): Template {
  const parts = text.split(/\{([^{}]*)\}/);
  if (parts.some((part, index) => index % 2 === 0 && /[{}]/.test(part)))
    throw new Error(`${JSON.stringify(text)} has a brace without its partner`);
  const read: readonly (string | Expression)[] = parts.map((part, index) =>
    index % 2 === 0 ? part : readExpression(part),
  );
  return (variables) => {
    let result = '';
    for (const part of read) {
      const value = typeof part === 'string' ? part : part(variables);
      if (typeof value === 'string') {
        result += value;
        continue;
      }
      if (value.type !== 'value') return value;
      if (typeof value.value === 'object')
        return { type: 'failed', message: `${JSON.stringify(text)} needs a text, and is given more` };
      result += String(value.value);
    }
    return { type: 'text', text: result };
  };
}
