/** The known types as a tree of two levels, and what pressing a box in it does to the list of patterns. */
import { matches } from "./patterns";

export interface TypeGroup {
  /** What the group's types begin with, such as `customer.`; the type itself where it stands alone. */
  key: string;
  /** The pattern for all of the group, `customer.*`; null where the type stands alone. */
  wildcard: string | null;
  types: string[];
}

/** Groups types by the part before the first dot (Shopify: slash), in alphabetical order. A type without one stands alone. */
export function groupTypes(known: readonly string[]): TypeGroup[] {
  const groups = new Map<string, string[]>();
  for (const type of known) {
    const end = type.search(/[./]/);
    const key = end < 0 ? type : type.slice(0, end + 1);
    const types = groups.get(key);
    if (types) types.push(type);
    else groups.set(key, [type]);
  }
  return [...groups]
    .map(([key, types]): TypeGroup => {
      const alone = types.length === 1;
      return alone
        ? { key: types[0] ?? key, wildcard: null, types }
        : { key, wildcard: `${key}*`, types: types.toSorted() };
    })
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** The groups with only those types that hold the words searched for. */
export function searchGroups(groups: readonly TypeGroup[], query: string): TypeGroup[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...groups];
  return groups
    .map((group) => ({
      ...group,
      types: group.types.filter((type) => words.every((word) => type.toLowerCase().includes(word))),
    }))
    .filter(({ types }) => types.length > 0);
}

/** Why a type is chosen: by its own name, or by a pattern; null when it is not. */
export function chosenBy(patterns: readonly string[], type: string): string | null {
  if (patterns.includes(type)) return type;
  return patterns.find((pattern) => matches(pattern, type)) ?? null;
}

export type BoxState = "all" | "some" | "none";

export function groupState(patterns: readonly string[], types: readonly string[]): BoxState {
  const count = types.filter((type) => chosenBy(patterns, type) !== null).length;
  return count === 0 ? "none" : count === types.length ? "all" : "some";
}

/** Whether pressing the type's box would do nothing: a pattern that reaches beyond its group chooses it. */
export function isLocked(patterns: readonly string[], group: TypeGroup, type: string): boolean {
  return patterns.some((pattern) => pattern !== type && pattern !== group.wildcard && matches(pattern, type));
}

/** Whether pressing the group's box would do nothing. */
export const isGroupLocked = (patterns: readonly string[], group: TypeGroup): boolean =>
  group.types.every((type) => isLocked(patterns, group, type));

/** The patterns after the type's box was pressed. */
export function toggleType(patterns: readonly string[], group: TypeGroup, type: string): string[] {
  if (isLocked(patterns, group, type)) return [...patterns];
  if (patterns.includes(type) && !(group.wildcard && patterns.includes(group.wildcard))) {
    return patterns.filter((pattern) => pattern !== type);
  }
  if (group.wildcard && patterns.includes(group.wildcard)) {
    // All but one: the wildcard becomes the names of the others.
    const others = group.types.filter((other) => other !== type && !isLocked(patterns, group, other));
    const kept = patterns.filter((pattern) => pattern !== group.wildcard && !group.types.includes(pattern));
    return [...kept, ...others];
  }
  return [...patterns, type];
}

/** The patterns after the group's box was pressed: all of the group becomes its wildcard, later types included. */
export function toggleGroup(patterns: readonly string[], group: TypeGroup): string[] {
  const [alone] = group.types;
  if (group.wildcard === null)
    return alone === undefined ? [...patterns] : toggleType(patterns, group, alone);
  if (isGroupLocked(patterns, group)) return [...patterns];
  const others = patterns.filter((pattern) => pattern !== group.wildcard && !group.types.includes(pattern));
  const wasAll = groupState(patterns, group.types) === "all";
  return wasAll ? others : [...others, group.wildcard];
}

/** The patterns and these types too, those left out that are chosen already. */
export function addTypes(patterns: readonly string[], types: readonly string[]): string[] {
  return [...patterns, ...types.filter((type) => chosenBy(patterns, type) === null)];
}
