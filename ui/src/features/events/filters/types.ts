/** The event types that can be filtered by: those that the providers in use are known to send. */
import type { ProviderInfo, Source, SyncJob } from "../../../api/schema";
import type { Option } from "./OptionList";

/** Options of the providers that jobs use, with what was chosen freely in front. */
export function typeOptions(
  jobs: readonly Pick<SyncJob, "sourceId">[],
  sources: readonly Pick<Source, "id" | "kind">[],
  providers: readonly Pick<ProviderInfo, "kind" | "label" | "knownTypes">[],
  chosen: readonly string[],
): Option[] {
  const sourceIds = new Set(jobs.map((job) => job.sourceId));
  const kinds = new Set(sources.filter((source) => sourceIds.has(source.id)).map((source) => source.kind));
  const used = providers.filter((provider) => kinds.has(provider.kind));
  const options = new Map<string, Option>();
  for (const { label, knownTypes } of used) {
    for (const value of [...patterns(knownTypes), ...knownTypes]) {
      if (!options.has(value)) options.set(value, { value, label: value, group: label });
    }
  }
  const free = chosen.filter((value) => !options.has(value));
  return [...free.map((value) => ({ value, label: value, group: "Chosen" })), ...options.values()];
}

/** `customer.*` where there are several types that begin so. */
export function patterns(types: readonly string[]): string[] {
  const families = new Map<string, number>();
  for (const type of types) {
    const dot = type.indexOf(".");
    if (dot > 0) families.set(type.slice(0, dot), (families.get(type.slice(0, dot)) ?? 0) + 1);
  }
  return [...families].filter(([, count]) => count > 1).map(([family]) => `${family}.*`);
}
