/** What the form holds, and how it becomes requests. */

import type { CreateSource, Destination, ProviderInfo, Source, SyncJob } from "../../api/schema";
import { ARCHIVE_DAYS, JOB_DEFAULTS } from "../../shared/jobs/limits";
import { fromSpec, type GenericSpec, type GenericValues, genericDefaults, toSpec } from "./generic/spec";

/** A source that is to be made, or changes of the one that the job has. */
export interface SourceValues {
  kind: string;
  name: string;
  /** Empty: none, or the one that is stored stays. */
  apiKey: string;
  /** Take the stored key away. */
  forgetApiKey: boolean;
  generic: GenericValues;
}

export type DestinationKind = "mongodb" | "local" | "http";

/** A destination that is to be made, or changes of the one that the job has. */
export interface DestinationValues {
  kind: DestinationKind;
  name: string;
  /** MongoDB. Empty in an edit: the stored one stays. */
  uri: string;
  database: string;
  /** HTTP. Empty in an edit: the stored one stays. */
  url: string;
}

/** Stands in `sourceId` and `destinationId` for one that is to be made. */
export const NEW = "";

export interface JobValues {
  name: string;
  sourceId: string;
  source: SourceValues;
  destinationId: string;
  destination: DestinationValues;
  /** All types, those that come to be later too, or only what `eventTypes` match. */
  scope: "all" | "some";
  eventTypes: string[];
  deletes: "hard" | "soft";
  batchSize: number | string;
  batchWaitMs: number | string;
  retentionDays: number | string;
  /** Whether the history is kept in the destination too, and for how long. */
  archive: boolean;
  archiveDays: number | string;
  /** Null: made from the source's kind. */
  collectionPrefix: string | null;
  /** Seconds; empty for the provider's own. */
  signatureToleranceSeconds: number | string;
}

/** What is there to choose from. */
export interface Choices {
  providers: ProviderInfo[];
  sources: Source[];
  destinations: Destination[];
}

export const blankSource = (kind: string): SourceValues => ({
  kind,
  name: "",
  apiKey: "",
  forgetApiKey: false,
  generic: genericDefaults,
});

export const blankDestination = (kind: DestinationKind): DestinationValues => ({
  kind,
  name: "",
  uri: "",
  database: "",
  url: "",
});

/** A source as it is, to be changed. */
export const sourceValues = (source: Source): SourceValues => ({
  ...blankSource(source.kind),
  name: source.name,
  generic: source.generic ? fromSpec(source.generic as GenericSpec) : genericDefaults,
});

/** A destination as it is, to be changed. */
export const destinationValues = (destination: Destination): DestinationValues => ({
  ...blankDestination(destination.kind),
  name: destination.name,
  database: destination.database ?? "",
});

/** The form for a new job: what is there already is chosen where it fits. */
export function newJobValues({ sources, destinations, providers }: Choices, kind?: string): JobValues {
  const wanted = kind ?? sources.at(-1)?.kind ?? providers[0]?.kind ?? "stripe";
  const source = sources.find((each) => each.kind === wanted);
  const destination = destinations.findLast((each) => each.kind === "mongodb");
  return {
    name: "",
    sourceId: source?.id ?? NEW,
    source: blankSource(wanted),
    destinationId: destination?.id ?? NEW,
    destination: blankDestination("mongodb"),
    scope: "all",
    ...JOB_DEFAULTS,
    archive: false,
    archiveDays: ARCHIVE_DAYS,
    collectionPrefix: null,
    signatureToleranceSeconds: "",
  };
}

/** The form of a job as it is. */
export function jobValues(job: SyncJob, source: Source, destination: Destination): JobValues {
  // The description of the API leaves open whether these are there; the engine always sends them.
  const config = { ...JOB_DEFAULTS, ...job.webhookConfig };
  return {
    name: job.name,
    sourceId: source.id,
    source: sourceValues(source),
    destinationId: destination.id,
    destination: destinationValues(destination),
    scope: config.eventTypes.length === 0 ? "all" : "some",
    eventTypes: [...config.eventTypes],
    deletes: config.deletes,
    batchSize: config.batchSize,
    batchWaitMs: config.batchWaitMs,
    retentionDays: config.retentionDays,
    archive: Boolean(config.archive),
    archiveDays: config.archive?.days ?? ARCHIVE_DAYS,
    collectionPrefix: job.collectionPrefix,
    signatureToleranceSeconds: config.signatureToleranceSeconds ?? "",
  };
}

/** The prefix that a job has unless another is named. */
export const defaultPrefix = (kind: string): string => `${kind.replaceAll("-", "_")}_`;

/** The kind of the source that is chosen or described. */
export const chosenKind = (values: JobValues, sources: Source[]): string =>
  sources.find(({ id }) => id === values.sourceId)?.kind ?? values.source.kind;

/** The kind of the destination that is chosen or described. */
export const chosenDestinationKind = (values: JobValues, destinations: Destination[]): DestinationKind =>
  destinations.find(({ id }) => id === values.destinationId)?.kind ?? values.destination.kind;

/** What is to be saved: only a MongoDB keeps an archive. */
export const fitting = (values: JobValues, destinations: Destination[]): JobValues =>
  chosenDestinationKind(values, destinations) === "mongodb" ? values : { ...values, archive: false };

const named = (name: string) => (name === "" ? {} : { name });

/** The description as requests hold it: to the API it is any object. */
const describe = (generic: GenericValues) => toSpec(generic) as NonNullable<CreateSource["generic"]>;

/** The request for a new source. */
export function sourceBody({ kind, name, apiKey, generic }: SourceValues): CreateSource {
  return {
    kind: kind as CreateSource["kind"],
    ...named(name),
    ...(apiKey === "" ? {} : { apiKey }),
    ...(kind === "generic" ? { generic: describe(generic) } : {}),
  };
}

/** The request for a new destination. */
export function destinationBody({ kind, name, uri, database, url }: DestinationValues) {
  switch (kind) {
    case "mongodb":
      return { kind, ...named(name), uri, ...(database === "" ? {} : { database }) };
    case "http":
      return { kind, ...named(name), url };
    case "local":
      return { kind, ...named(name) };
  }
}

/** The job's own values as requests name them. */
const configOf = (values: JobValues) => ({
  eventTypes: values.scope === "all" ? [] : values.eventTypes.map((pattern) => pattern.trim()),
  deletes: values.deletes,
  batchSize: Number(values.batchSize),
  batchWaitMs: Number(values.batchWaitMs),
  retentionDays: Number(values.retentionDays),
  archive: values.archive ? { days: Number(values.archiveDays) } : null,
  signatureToleranceSeconds:
    values.signatureToleranceSeconds === "" ? null : Number(values.signatureToleranceSeconds),
});

/** The request for a new job. */
export function jobBody(values: JobValues, sourceId: string, destinationId: string) {
  return {
    type: "webhook" as const,
    ...named(values.name),
    sourceId,
    destinationId,
    webhookConfig: configOf(values),
    ...(values.collectionPrefix === null ? {} : { collectionPrefix: values.collectionPrefix }),
  };
}

/** The entries of `after` that `before` has otherwise. */
function changed<T extends object>(after: T, before: T): Partial<T> {
  const entries = Object.entries(after).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof T]),
  );
  return Object.fromEntries(entries) as Partial<T>;
}

const unlessEmpty = <T extends object>(changes: T): T | null =>
  Object.keys(changes).length === 0 ? null : changes;

/** What is to be changed of the job; null when nothing is. */
export function jobChanges(values: JobValues, before: JobValues, sourceId: string, destinationId: string) {
  const config = changed(configOf(values), configOf(before));
  const top = changed(
    { name: values.name, sourceId, destinationId, collectionPrefix: values.collectionPrefix ?? "" },
    {
      name: before.name,
      sourceId: before.sourceId,
      destinationId: before.destinationId,
      collectionPrefix: before.collectionPrefix ?? "",
    },
  );
  return unlessEmpty({ ...top, ...(Object.keys(config).length > 0 ? { webhookConfig: config } : {}) });
}

/** What is to be changed of the job's source; null when nothing is. */
export function sourceChanges(values: SourceValues, before: SourceValues) {
  const described = values.kind === "generic";
  const key = values.forgetApiKey ? { apiKey: null } : values.apiKey === "" ? {} : { apiKey: values.apiKey };
  return unlessEmpty({
    ...changed({ name: values.name }, { name: before.name }),
    ...key,
    ...(described
      ? changed({ generic: describe(values.generic) }, { generic: describe(before.generic) })
      : {}),
  });
}

/** What is to be changed of the job's destination; null when nothing is. */
export function destinationChanges(values: DestinationValues, before: DestinationValues) {
  const { kind, uri, url } = values;
  return unlessEmpty({
    ...changed({ name: values.name }, { name: before.name }),
    ...(kind === "mongodb" && uri !== "" ? { uri } : {}),
    ...(kind === "mongodb" && values.database !== ""
      ? changed({ database: values.database }, { database: before.database })
      : {}),
    ...(kind === "http" && url !== "" ? { url } : {}),
  });
}
