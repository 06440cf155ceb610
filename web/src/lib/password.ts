// The rules of khoản 6 Điều 13, checked while typing; the node checks them again.
export type Rule = 'length' | 'upper' | 'lower' | 'digit' | 'special';
const MIN_LENGTH = 8;

const tests: Record<Rule, (text: string) => boolean> = {
  length: (text) => [...text].length >= MIN_LENGTH,
  upper: (text) => /\p{Lu}/u.test(text),
  lower: (text) => /\p{Ll}/u.test(text),
  digit: (text) => /\d/.test(text),
  special: (text) => /[^\p{L}\p{N}\s]/u.test(text),
};
export const RULES = Object.keys(tests) as Rule[];
export const passes = (rule: Rule, text: string): boolean => tests[rule](text);
export const strong = (text: string): boolean => RULES.every((rule) => tests[rule](text));
